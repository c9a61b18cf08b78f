package readers

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Nights fills a folder with the sample reports, one a night from the given one
// on, of which every so-manyth is unfit. Change may be nil; it is given each
// report before it is written. It is for tests of packages beside reports.
func Nights(tb testing.TB, from time.Time, n, every int, change func(*plumbline.Report)) string {
	tb.Helper()
	dir := tb.TempDir()
	for i := range n {
		name := "fit"
		if i%every == every-1 {
			name = "unfit"
		}
		data, err := os.ReadFile(filepath.Join("..", "testdata", name+".json"))
		if err != nil {
			tb.Fatal(err)
		}
		var r plumbline.Report
		if err := json.Unmarshal(data, &r); err != nil {
			tb.Fatal(err)
		}
		r.Run.ID, r.Run.Began = fmt.Sprintf("%012x", i), from.AddDate(0, 0, i)
		if change != nil {
			change(&r)
		}
		if data, err = json.Marshal(r); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, r.Run.ID+".json"), data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}
