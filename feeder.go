package plumbline

import "strings"

// A Feeder fills places of the requests of the load with the rows of a file, so
// that not every request is about the same thing.
type Feeder struct {
	Name       string   `json:"name"`       // of the file, without its folder
	Operations []string `json:"operations"` // IDs
	Fields     []Feed   `json:"fields"`
	Order      Feeding  `json:"order"`
	AtEnd      AtEnd    `json:"at_end,omitempty"` // of FeedSequential
	Count      int      `json:"rows"`
	Source     Source   `json:"source"`
	// Rows are the values of each row by the name of the column: texts of a CSV
	// file, any JSON value of a JSONL file. They are never written down, as they
	// may hold secrets.
	Rows []map[string]any `json:"-"`
}

// Feeds reports whether the feeder is for the operation.
func (f Feeder) Feeds(operation string) bool {
	for _, id := range f.Operations {
		if id == operation {
			return true
		}
	}
	return false
}

// A Feed says into which place of a request a column goes.
type Feed struct {
	Column string `json:"column"`
	In     string `json:"in"`   // "path", "query", "header", "body"
	Name   string `json:"name"` // of the parameter, or JSON pointer into the body
}

// FeedAt reads a place such as "path/orderId", "query/limit", "header/X-Tenant"
// and "body/address/zip".
func FeedAt(column, place string) (f Feed, ok bool) {
	in, name, _ := strings.Cut(place, "/")
	f = Feed{Column: column, In: in, Name: name}
	switch in {
	case "path", "query", "header":
		return f, name != ""
	case "body":
		f.Name = "/" + name
		return f, name != ""
	}
	return f, false
}

// A Feeding is the order in which rows are taken.
type Feeding string

// The orders.
const (
	FeedSequential Feeding = "sequential" // each row once, over all of the run, in the order of the file
	FeedRandom     Feeding = "random"     // any row at any time; the same seed draws the same
)

// An AtEnd is what happens when a sequential feeder has no row left.
type AtEnd string

// The ends.
const (
	EndAgain AtEnd = "again" // from the first row on
	EndStop  AtEnd = "stop"  // no further request of its operations is sent, and the load proves nothing about its rate
)
