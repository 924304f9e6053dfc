// Package buildtagignored has files the compiler ignores.
package buildtagignored
