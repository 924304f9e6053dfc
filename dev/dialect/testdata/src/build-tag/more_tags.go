// want +2 `\[build-tag\] yaegi:tags: `

// yaegi:tags gc

package buildtag
