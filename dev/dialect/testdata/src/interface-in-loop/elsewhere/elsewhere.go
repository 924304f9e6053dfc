// Package elsewhere uses types of another interpreted package.
package elsewhere

import "example.com/other"

func keep(any) {}

func convert() {
	for i := 0; i < 3; i++ {
		keep(other.Named{})  // want `\[interface-in-loop\] Named becomes any`
		keep(&other.Named{}) // want `\[interface-in-loop\] Named becomes any`
		keep(other.Plain{})  // no methods
	}
}
