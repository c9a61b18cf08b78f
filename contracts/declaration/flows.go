package declaration

import "fmt"

// A FlowFile is an Arazzo file with flows that have to hold.
type FlowFile struct {
	File   string
	Inputs map[string]any // values of the inputs of its workflows
}

// flowFile is an element of flows: of plumbline.yaml: the name of a file, or a
// mapping with the values of its inputs.
type flowFile struct {
	File   string         `yaml:"file"`
	Inputs map[string]any `yaml:"inputs"`
}

// UnmarshalYAML reads either form.
func (f *flowFile) UnmarshalYAML(read func(any) error) error {
	if err := read(&f.File); err == nil {
		return nil
	}
	type whole flowFile
	return read((*whole)(f))
}

func (b *builder) flows() {
	for i, f := range b.file.Flows {
		if f.File == "" {
			b.wrong("CFG004", fmt.Sprintf("$.flows[%d]", i), "write the name of an Arazzo file, or {file: …, inputs: {…}}", "a flow names no file")
		}
		b.out.Flows = append(b.out.Flows, FlowFile{File: b.path(f.File), Inputs: f.Inputs})
	}
}
