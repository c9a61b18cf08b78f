package target

import (
	"strconv"
	"strings"
)

// The identifiers that unlike makes.
const (
	mostChanged = 12            // characters of a text, from its end: those before may say of what kind it is
	farAway     = 1_900_000_000 // where numbers go: further than a service has counted, and within 32 bits
	nearBy      = 1_000_000_000 // numbers below are counted, those above are drawn
)

// unlike is an identifier of the same shape as another, that nothing has: of
// the same length and alphabet where it is a text, and far away where it is a
// number that is counted. Other values of n give other ones. Whether nothing
// has it indeed is for its owner's answer to say.
func unlike(text string, n uint64) string {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && i >= 0 && i < nearBy {
		return strconv.FormatInt(farAway+i%100_000_000+int64(n%100_000_000), 10) //nolint:gosec // below 32 bits
	}
	out := []byte(text)
	changed := 0
	for i := len(out) - 1; i > 0 && changed < mostChanged; i-- {
		alphabet := alphabetOf(text, out[i])
		at := strings.IndexByte(alphabet, out[i])
		if at < 0 || len(alphabet) < 2 {
			continue
		}
		step := 1 + int(n%uint64(len(alphabet)-1)) //nolint:gosec // an alphabet is short
		out[i] = alphabet[(at+step)%len(alphabet)]
		n = n*31 + 7
		changed++
	}
	return string(out)
}

// alphabetOf is the alphabet that a character of a text belongs to; empty for
// what only separates. Letters are taken from those that are known to be right:
// of hexadecimal texts a to f, of others what the text has itself.
func alphabetOf(text string, c byte) string {
	const digits, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var letters string
	switch {
	case strings.IndexByte(digits, c) >= 0:
		return digits
	case strings.IndexByte(lower, c) >= 0:
		letters = lower
	case strings.IndexByte(upper, c) >= 0:
		letters = upper
	default:
		return ""
	}
	const hexadecimal, enough = 6, 3
	if !strings.ContainsAny(text, letters[hexadecimal:]) {
		return letters[:hexadecimal]
	}
	own := ""
	for _, l := range letters {
		if strings.ContainsRune(text, l) {
			own += string(l)
		}
	}
	if len(own) < enough {
		return letters
	}
	return own
}
