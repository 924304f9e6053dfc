package main

import (
	"github.com/hookward/hookward/cmd/hookward/internal/capture"
)

// dataOption is an option for the body, in one of curl's ways to read its value.
type dataOption struct {
	pieces *[]capture.Data
	isText bool // @ has no meaning in it
}

func (d dataOption) String() string { return "" }

func (d dataOption) Set(text string) error {
	piece := capture.Data{Text: text}
	if !d.isText {
		piece = capture.DataOf(text)
	}
	*d.pieces = append(*d.pieces, piece)
	return nil
}
