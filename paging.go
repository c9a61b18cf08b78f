package plumbline

// Paging is how the pages of a list are walked.
type Paging struct {
	Style   string   `json:"style"`             // "cursor", "page", "offset", "link" (RFC 8288 rel=next)
	Param   string   `json:"param,omitempty"`   // query parameter that names the page: "cursor", "page", "offset"
	Limit   string   `json:"limit,omitempty"`   // query parameter that bounds the page
	Max     int      `json:"max,omitempty"`     // documented maximum of Limit; zero when there is none
	Min     int      `json:"min,omitempty"`     // documented minimum of Limit; zero when there is none
	Default int      `json:"default,omitempty"` // documented size of a page when Limit is not sent; zero when there is none
	Sizes   []int    `json:"sizes,omitempty"`   // the only values that the document lets Limit have; empty for any
	Next    string   `json:"next,omitempty"`    // JSON pointer to the next cursor, or link, in an answer
	Back    string   `json:"back,omitempty"`    // JSON pointer to the cursor, or link, of the page before
	Before  string   `json:"before,omitempty"`  // query parameter that takes the cursor of the page before; empty: Param
	First   int      `json:"first,omitempty"`   // number of the first page
	Why     string   `json:"why"`               // provenance: "declared", "inferred: …"
	Sort    string   `json:"sort,omitempty"`    // query parameter that names the sort key
	Keys    []string `json:"keys,omitempty"`    // the only values that the document lets Sort have; empty for any
}

// A Walk is how a list is walked to its end.
type Walk struct {
	Paging Paging `json:"paging"`
	Items  string `json:"items,omitempty"` // as in Family
	ItemID string `json:"item_id,omitempty"`
	Size   int    `json:"size,omitempty"` // items asked for on a page; zero asks for none
	Most   int    `json:"most,omitempty"` // pages; zero means 200
	// Back walks from the end to the beginning as well, where the last page names
	// the one before it. Pages by number and by offset are the same requests in
	// both directions, and walked once.
	Back bool `json:"back,omitempty"`
	// Between are calls that are made between two pages.
	Between []Meanwhile `json:"between,omitempty"`
	// Expect are steps whose new resources have to be found; ID is where their
	// answers name the new one, as Bind.Pointer.
	Expect []string `json:"expect,omitempty"`
	ID     string   `json:"id,omitempty"`
	// Since is an earlier step that has walked the list: what it did not see is
	// named in Walked.New. Like is a step that created: only what agrees with the
	// body of its request, in the members that both have, is named then.
	Since string `json:"since,omitempty"`
	Like  string `json:"like,omitempty"`
}

// A Meanwhile is a call that is made while a list is walked. A bind from
// "step:" + StepSeen takes what the pages have shown last of what is expected;
// what such a call was sent for is expected no longer.
type Meanwhile struct {
	Call
	After int `json:"after"` // the page that it follows: 1 is the first
}

// StepSeen is the step of whose resource the pages of a walk have shown last.
const StepSeen = "seen"

// A Walked is what a walk saw.
type Walked struct {
	Experiment string   `json:"experiment"`
	Phase      string   `json:"phase"`
	Flow       string   `json:"flow"`
	Step       string   `json:"step"`
	Back       bool     `json:"back,omitempty"` // from the end to the beginning
	Pages      []int    `json:"pages"`          // items on each page
	Items      int      `json:"items"`          // in all
	Distinct   int      `json:"distinct"`
	Order      []string `json:"order,omitempty"`    // identifiers of what was expected, as they came first
	Twice      []string `json:"twice,omitempty"`    // identifiers seen more than once, at most 16
	Missing    []string `json:"missing,omitempty"`  // expected and not seen, at most 16
	Expected   int      `json:"expected,omitempty"` // how many were expected
	New        []string `json:"new,omitempty"`      // identifiers that an earlier walk did not see, at most 64; see Walk.Since
	Ended      string   `json:"ended"`              // "end", "bound" (pages or time), "loop" (a page came again), "error"
	Detail     string   `json:"detail,omitempty"`
}
