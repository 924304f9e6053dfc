//go:build ignore

package buildtagignored
