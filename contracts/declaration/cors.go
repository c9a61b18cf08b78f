package declaration

import (
	"net/url"

	"github.com/plumbline-dev/plumbline"
)

// A corsFile says whose pages may read answers.
type corsFile struct {
	Origins []string `yaml:"origins"`
}

func (b *builder) cors() {
	f := b.file.CORS
	if f == nil {
		return
	}
	for _, name := range f.Origins {
		u, err := url.Parse(name)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Scheme+"://"+u.Host != name {
			b.wrong("CFG004", "$.cors.origins", "write https://app.example, without a path", "%q is no origin", name)
		}
	}
	b.out.origins = &plumbline.Origins{Allowed: append([]string{}, f.Origins...), Source: b.at("$.cors")}
}
