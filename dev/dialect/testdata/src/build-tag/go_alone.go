// want +2 `\[build-tag\] //go:build: `

//go:build gc

package buildtag
