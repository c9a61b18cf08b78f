package sample

// formatted are texts of a format, the plainest first: those of JSON Schema
// 2020-12 §7.3 and of the OpenAPI format registry.
func formatted(format string) []string {
	switch format {
	case "date-time":
		return []string{"2026-01-02T03:04:05Z", "2024-02-29T23:59:59.123+05:30"}
	case "date":
		return []string{"2026-01-02", "2024-02-29"}
	case "time":
		return []string{"03:04:05Z", "23:59:59.5+05:30"}
	case "duration":
		return []string{"PT1S", "P1DT2H"}
	case "uuid":
		return []string{"3fa85f64-5717-4562-b3fc-2c963f66afa6", "00000000-0000-4000-8000-000000000000"}
	case "email", "idn-email":
		return []string{"user@example.com", "a@b.co", "first.last+tag@sub.example.com"}
	case "hostname", "idn-hostname":
		return []string{"example.com", "a.b", "xn--bcher-kva.example"}
	case "ipv4":
		return []string{"192.0.2.1", "255.255.255.255"}
	case "ipv6":
		return []string{"2001:db8::1", "::1"}
	}
	return formattedMore(format)
}

func formattedMore(format string) []string {
	switch format {
	case "uri", "url", "iri":
		return []string{"https://example.com/a", "urn:a:b", "https://user@example.com:8443/a/b?c=d&e#f"}
	case "uri-reference", "iri-reference":
		return []string{"/a", "../b?c=d", "https://example.com/a"}
	case "uri-template":
		return []string{"/a/{b}"}
	case "byte":
		return []string{"cGx1bWI=", "AA=="}
	case "json-pointer":
		return []string{"/a", "/a~1b/0"}
	case "relative-json-pointer":
		return []string{"0/a"}
	case "regex":
		return []string{"^a$", "[a-z]+"}
	case "semver":
		return []string{"1.2.3"}
	case "password":
		return []string{"Plumb-line-7!"}
	}
	return nil
}

// misformatted are texts that are not of a format. Whether they are is for the
// proof to say: formats that the check does not know accept them.
func misformatted(format string) []string {
	plain := "plumbline is not a " + format
	switch format {
	case "date-time":
		return []string{plain, "2026-02-30T03:04:05Z"}
	case "date":
		return []string{plain, "2026-02-30"}
	case "time":
		return []string{plain, "25:61:61Z"}
	case "ipv4":
		return []string{plain, "256.1.1.1"}
	case "ipv6":
		return []string{plain, "2001:db8::1::2"}
	case "uuid":
		return []string{plain, "3fa85f64-5717-4562-b3fc-2c963f66afag"}
	case "uri", "url", "iri":
		return []string{plain, "//no-scheme", "http://[::1"}
	case "json-pointer":
		return []string{plain, "a/b"}
	case "regex":
		return []string{"(plumbline"}
	case "hostname":
		return []string{plain, "-plumbline-.example"}
	}
	return append([]string{plain}, almost(format)...)
}

// almost are texts that are nearly of a format.
func almost(format string) []string {
	switch format {
	case "email":
		return []string{"plumbline@"}
	case "duration":
		return []string{"P1D2H"}
	case "byte":
		return []string{"a"}
	case "uri-reference", "iri-reference":
		return []string{"http://[::1"}
	case "uri-template":
		return []string{"/a/{b"}
	case "relative-json-pointer":
		return []string{"-1/a"}
	}
	return nil
}
