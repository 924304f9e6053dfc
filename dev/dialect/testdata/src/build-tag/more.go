// want +4 `\[build-tag\] //go:build: .*; move the file to a directory of its own`

// Package buildtag has build constraints.

//go:build go1.1

package buildtag

const text = `
//go:build text
`
