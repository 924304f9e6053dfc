package forwarddefer

import "sync"

type conn struct{ mu sync.Mutex }

func (c *conn) above() {}

var initial = func() {
	defer below() // want `\[forward-defer\]`
}

func literals(c *conn) {
	func() {
		defer c.below()     // want `\[forward-defer\] defer c.below`
		defer inLaterFile() // want `\[forward-defer\] defer inLaterFile`
		defer literals(nil) // want `\[forward-defer\] defer literals`
		defer generic(1)    // want `\[forward-defer\] defer generic`
		func() {
			defer below() // want `\[forward-defer\]`
		}()

		defer c.above()
		defer inEarlierFile()
		defer c.mu.Unlock()
		defer func() { below() }()
	}()
	defer below() // not in a literal
	defer c.below()
}

func (c *conn) below() {}

func below() {}

func generic[T any](T) {}
