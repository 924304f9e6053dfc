// want +3 `\[build-tag\] //go:build: `
// want +3 `\[build-tag\] \+build: `

//go:build go1.1
// +build go1.1

package buildtag
