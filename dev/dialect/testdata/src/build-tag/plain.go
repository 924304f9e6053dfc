// Package buildtag talks about //go:build lines.
package buildtag
