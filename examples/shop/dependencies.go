package shop

import (
	"encoding/json"
	"net/http"
)

// dependency is inventory, payment or recs: small, quick and right.
func dependency(role string) http.Handler {
	mux := http.NewServeMux()
	switch role {
	case "inventory":
		inventory(mux)
	case "payment":
		mux.HandleFunc("POST /charge", func(w http.ResponseWriter, r *http.Request) {
			var c struct{ Amount int }
			if err := json.NewDecoder(r.Body).Decode(&c); err != nil || c.Amount <= 0 {
				answer(w, http.StatusBadRequest, map[string]any{"error": "amount"})
				return
			}
			answer(w, http.StatusOK, map[string]any{"receipt": newID()})
		})
		mux.HandleFunc("DELETE /charge/{order}", func(w http.ResponseWriter, r *http.Request) {
			answer(w, http.StatusOK, map[string]any{"void": r.PathValue("order")})
		})
	default:
		mux.HandleFunc("GET /recommendations/{id}", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, map[string]any{"items": []string{"p-2", "p-3"}})
		})
	}
	return mux
}

// A catalogued is a product of the catalogue.
type catalogued struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Price int    `json:"price"`
}

func catalogue() []catalogued {
	return []catalogued{{"p-1", "Plumb bob", 1200}, {"p-2", "Chalk line", 800}, {"p-3", "Spirit level", 2500}, {limited, "Numbered bob", 9900}}
}

func product(id string) (catalogued, bool) {
	for _, p := range catalogue() {
		if p.ID == id {
			return p, true
		}
	}
	return catalogued{}, false
}
