package target

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// novel makes a value that nothing has had before, of a kind as
// plumbline.FromNew has them. Texts carry the run ID, so that what the run
// created can be told from everything else.
func (p *Pool) novel(kind string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start()
	p.number++
	text := p.value(kind)
	p.made[text] = true
	return text
}

func (p *Pool) value(kind string) string {
	what, of, _ := strings.Cut(kind, ":")
	low, high, _ := strings.Cut(of, "-")
	least, _ := strconv.ParseInt(low, 10, 64)
	most, _ := strconv.ParseInt(high, 10, 64)
	switch what {
	case "uuid":
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
	case "integer":
		n, err := rand.Int(rand.Reader, big.NewInt(max(most-least, 1))) //nolint:forbidigo // crypto/rand: values that must be new on the target
		if err != nil {
			return low
		}
		return strconv.FormatInt(least+n.Int64(), 10)
	case "email":
		return p.nonce(1, 64) + "@example.com"
	case "list":
		var all []string
		if json.Unmarshal([]byte(of), &all) == nil && len(all) > 0 {
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all)))) //nolint:forbidigo // crypto/rand: values that must be new on the target
			if err != nil {
				return all[0]
			}
			return all[n.Int64()]
		}
	}
	return p.nonce(int(least), int(most))
}

// nonce is plumbline-RUN-N, or a shorter form of it where there is less room.
func (p *Pool) nonce(least, most int) string {
	run := p.Client.Run()
	n := strconv.FormatUint(p.number, 36)
	text := "plumbline-" + run + "-" + n
	if most > 0 && len(text) > most {
		text = "p" + run[:min(len(run), 4)] + "-" + n
	}
	if short := least - len(text); short > 0 {
		text += strings.Repeat("0", short)
	}
	return text
}
