package plumbline

// A Lesson is a place in the requests of an operation that may take a value
// which another operation was seen to answer with: the sku of an order, from the
// list of products. Which values there are only the run knows; where they may
// come from and go to is known before it.
type Lesson struct {
	In      string `json:"in"`      // "query" or "body"
	Name    string `json:"name"`    // parameter, or JSON pointer into the body, with * for any index
	From    string `json:"from"`    // operation that lists; its method is safe
	Pointer string `json:"pointer"` // into its answer, with * for the index: "/items/*/sku"
	Why     string `json:"why"`     // provenance: "called sku"
}
