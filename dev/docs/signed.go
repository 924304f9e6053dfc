package main

import (
	"slices"
	"strings"

	"github.com/hookward/hookward/internal/config"
)

// signed says what of a delivery is signed, in the order in which it is.
func signed(o config.Options) string {
	if o.Token != nil {
		return "nothing"
	}
	if t := o.JWT; t != nil {
		switch {
		case t.Body || t.Detached || t.BodyHash != nil && t.URL == nil:
			return "body"
		case t.BodyHash != nil:
			return "body, URL"
		case t.URL != nil:
			return "URL"
		case t.Field != "" && !strings.HasSuffix(t.Field, "[]"): // a list of tokens stands beside what it is about
			return "one field of the body"
		}
		return "nothing"
	}
	if m := o.MessageSignature; m != nil {
		return covered(m.Components)
	}
	signs := o.Signature.Signs
	if signs == "" {
		signs = "{body}"
	}
	at := map[string]int{} // where each part stands first
	parts := []string{}
	for _, part := range []struct{ in, text string }{
		{"{timestamp}", "timestamp"}, {"{body}", "body"}, {"sorted:form", "form"}, {"only:form", "one field of the form"}, {"{id}", "id"},
		{"{url}", "URL"}, {"{decodedURL}", "URL"}, {"{uri}", "path and query"}, {"{method}", "method"}, {"{header", "headers"}, {"{json:", "fields of the body, no others"}, {"query:data.id", "an id in the query"},
	} {
		i := strings.Index(signs, part.in)
		if i >= 0 {
			at[part.text] = i
			parts = append(parts, part.text)
		}
	}
	slices.SortFunc(parts, func(a, b string) int { return at[a] - at[b] })
	return strings.Join(parts, ", ")
}

// covered says in words what a message signature has to cover.
func covered(components []string) string {
	names := map[string]string{"@method": "method", "@target-uri": "URL", "@authority": "host", "host": "host", "@path": "path", "(request-target)": "method, path", "content-digest": "body", "digest": "body"}
	parts := []string{}
	for _, component := range components {
		part := names[component]
		if part == "" {
			part = "headers"
		}
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}
