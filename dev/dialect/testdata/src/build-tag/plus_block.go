// want +2 `\[build-tag\] \+build: `

/* +build gc */

package buildtag
