package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// mostEntries bounds the journal's memory: an entry is some 400 bytes.
const mostEntries = 200_000

// block is how many entries are set aside at a time.
const block = 1000

// An Entry is one exchange with its number in the journal.
type Entry struct {
	Sequence uint64             `json:"seq"` // from 1, without a gap
	Exchange plumbline.Exchange `json:"exchange"`
	Sight    *Sight             `json:"sight,omitempty"` // of a request that is watched, once
}

// journal is a ring of the latest exchanges. Its times are offsets from the
// start of the process.
type journal struct {
	epoch time.Time
	mu    sync.Mutex
	ring  [mostEntries / block][]Entry // in blocks, so that it grows without being copied
	last  uint64
	// attempts counts exchanges by what makes them attempts at one thing. When
	// it is full it becomes the former, so that no count of late is lost.
	attempts, former map[attempted]int
}

// attempted is what attempts have in common.
type attempted struct{ wire, trace, method, path string }

func newJournal() *journal { return &journal{epoch: time.Now(), attempts: map[attempted]int{}} }

func (j *journal) now() time.Duration { return time.Since(j.epoch) }

// attempt numbers an exchange among those of its trace, method and path.
func (j *journal) attempt(x *plumbline.Exchange) int {
	if x.Trace == "" {
		return 1
	}
	key := attempted{x.Wire, x.Trace, x.Method, x.Path}
	j.mu.Lock()
	defer j.mu.Unlock()
	n, counted := j.attempts[key]
	if !counted {
		n = j.former[key]
	}
	if !counted && len(j.attempts) >= mostEntries {
		j.former, j.attempts = j.attempts, map[attempted]int{}
	}
	j.attempts[key] = n + 1
	return n + 1
}

// add calls numbered, before anybody can read the entry, with its number.
func (j *journal) add(x plumbline.Exchange, numbered func(uint64)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e := Entry{Sequence: j.last, Exchange: x}
	if numbered != nil {
		numbered(j.last)
	}
	*j.at(j.last) = e
}

// at is the place of the entry with a number.
func (j *journal) at(number uint64) *Entry {
	i := (number - 1) % mostEntries
	b := &j.ring[i/block]
	if *b == nil {
		*b = make([]Entry, block)
	}
	return &(*b)[i%block]
}

// after returns the entries with a number above n, and how many of those were
// lost because the ring is full.
func (j *journal) after(n uint64) (entries []Entry, lost uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	first := uint64(1)
	if j.last > mostEntries {
		first = j.last - mostEntries + 1
	}
	if n+1 < first {
		lost = first - n - 1
		n = first - 1
	}
	for s := n + 1; s <= j.last; s++ {
		entries = append(entries, *j.at(s))
	}
	return entries, lost
}

// prefix is the beginning of a SHA-256: enough to tell bodies and keys apart,
// not enough to be a copy of them.
func prefix(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:8]) }

func digest(s string) string {
	if s == "" {
		return ""
	}
	return prefix(sha256.Sum256([]byte(s)))
}
