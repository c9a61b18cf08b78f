package plumbline

import "time"

// A Finite is something of which there is only so much: stock, seats, numbers
// that are unique.
type Finite struct {
	Name      string         `json:"name"`
	Operation string         `json:"operation"`      // ID; a 2xx answer says that the caller has got its part
	Body      map[string]any `json:"body,omitempty"` // members of its JSON body, beside those of the seed request
	Takes     int            `json:"takes"`          // how much one request takes
	Most      int            `json:"most"`           // of it at any time
	Left      Reading        `json:"left"`           // where a client reads how much is left
	Steps     []SagaStep     `json:"steps,omitempty"`
	Within    time.Duration  `json:"within,omitempty"` // after a failure all that was done is undone; zero: 30 s
	Source    Source         `json:"source"`
}

// A Reading is a number in the answer of an operation with a safe method.
type Reading struct {
	Operation  string            `json:"operation"`            // ID
	Parameters map[string]string `json:"parameters,omitempty"` // of its path and query, by name; those of the seed request beside them
	At         string            `json:"at"`                   // JSON pointer into the answer
}

// A SagaStep is one of the calls to dependencies by which an operation does its
// work, in the order in which it makes them, and the call that undoes it
// (Garcia-Molina, Salem, Sagas, 1987). A call is a method and what its path
// begins with: "PUT /reservations/".
type SagaStep struct {
	Dependency string `json:"dependency"`
	Does       string `json:"does"`
	Undoes     string `json:"undoes,omitempty"` // empty: it needs no undo
}
