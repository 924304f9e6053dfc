package jwt

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/words"
)

// identity finds out where a delivery says what it is.
func (c *compiler) identity() {
	o, v := c.o, c.v
	v.ID = message.ClaimOption(c.n, c.section+".idHeader", o.IDHeader, c.section+".idField", o.IDField)
	v.Event = message.ClaimOption(c.n, c.section+".eventHeader", o.EventHeader, c.section+".eventField", o.EventField)
	for _, at := range []struct {
		option   string
		location message.Location
	}{{"idField", v.ID}, {"eventField", v.Event}} {
		if at.location.Kind == "jwt" && v.Detached {
			c.wrong(at.option, config.KindInvalid, "names a claim, and a detached signature has none")
		}
	}
	name, isClaim := strings.CutPrefix(o.SenderField, "jwt:")
	switch {
	case o.SenderField == "" && len(c.options.Senders) > 0:
		config.AddProblem(c.n, "senders", config.KindNoEffect, "has no effect without jwt.senderField, the claim in which the sender names itself")
	case o.SenderField == "":
	case !isClaim || name == "" || v.Detached:
		c.wrong("senderField", config.KindInvalid, "must be a claim, such as jwt:sub")
	case len(c.options.Senders) == 0:
		config.AddProblem(c.n, "senders", config.KindRequired, "is required with jwt.senderField: the names that are accepted there")
	default:
		v.sender = parseClaim(name)
		v.senders = setOf(c.options.Senders)
	}
}

// forwarding finds out what of the token the backend gets.
func (c *compiler) forwarding() {
	o, v := c.o, c.v
	if o.ForwardToken != "" && o.ForwardToken != "always" && o.ForwardToken != "never" {
		c.wrong("forwardToken", config.KindInvalid, config.NotKnown(o.ForwardToken, []string{"always", "never"}))
	}
	inBody := o.Body || o.Field != ""
	if o.ForwardToken == "never" && inBody {
		c.wrong("forwardToken", config.KindInvalid, "can't be never, because the token is in the body, which is forwarded as it came")
	}
	v.Forwards = v.Bound || inBody
	if o.ForwardToken != "" {
		v.Forwards = o.ForwardToken == "always"
	}
	for i, text := range o.ForwardClaims {
		name, claim, ok := strings.Cut(text, "=")
		path := fmt.Sprintf("forwardClaims[%d]", i)
		switch {
		case !ok || claim == "" || !header.IsName(name):
			c.wrong(path, config.KindInvalid, words.Quote(text)+" is not NAME=CLAIM, a header and a claim, such as X-Hookward-Subject=sub")
		case v.Detached:
			c.wrong(path, config.KindInvalid, "names a claim, and a detached signature has none")
		case isReserved(http.CanonicalHeaderKey(name)):
			c.wrong(path, config.KindInvalid, words.Quote(name)+" is a header that the gate or Traefik sets")
		default:
			v.ForwardTo = append(v.ForwardTo, ForwardClaim{http.CanonicalHeaderKey(name), claim})
		}
	}
}

// isReserved are headers that no claim may stand in.
func isReserved(name string) bool {
	return words.Contains([]string{
		"X-Hookward-Provider", "X-Hookward-Delivery", "X-Hookward-Event", "Host", "Content-Length", "Content-Type", "Content-Encoding",
		"Transfer-Encoding", "Connection", "Upgrade", "Te", "Trailer", "Expect", "Authorization", "Cookie", "X-Forwarded-For",
	}, name)
}
