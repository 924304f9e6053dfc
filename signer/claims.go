package signer

import (
	"encoding/json"

	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/jwt"
)

// claimWriter writes claims into a JSON object, and leaves the rest of it as it is.
type claimWriter struct {
	document []byte
	ok       bool
}

// object returns the claims so far.
func (c *claimWriter) object() map[string]any {
	object := map[string]any{}
	_ = json.Unmarshal(c.document, &object)
	return object
}

// add writes a claim unless it is there. A bare one is a number, or true or false.
func (c *claimWriter) add(name, text string, bare bool) {
	if jwt.Has(c.object(), name) {
		return
	}
	if text == "true" || text == "false" {
		c.flag(name, text)
		return
	}
	c.put(name, scalar{text: text, number: bare})
}

// flag writes true or false, which nothing else is: a member of the object itself.
func (c *claimWriter) flag(name, text string) {
	object := c.object()
	object[name] = text == "true"
	b, err := json.Marshal(object)
	c.ok = c.ok && err == nil
	c.document = b
}

// set writes a claim whether it is there or not.
func (c *claimWriter) set(name, text string) { c.put(name, scalar{text: text}) }

func (c *claimWriter) put(name string, text scalar) {
	path, problem := jsonpath.Parse(name)
	if problem != "" {
		path = []jsonpath.Step{{Name: name}}
	}
	document, ok := putJSON(c.document, path, text)
	c.ok = c.ok && ok
	if ok {
		c.document = document
	}
}
