package hookward

import "net/http"

// greetOr answers a request of a method that carries no delivery, if it is a
// handshake; else it returns the reason to refuse. Its body stays unread.
func greetOr(p *policy, otherwise string, r *http.Request, d *decision) string {
	reason := greet(p, true, r, d)
	if reason == notOne {
		return otherwise
	}
	return reason
}

// welcome looks at what a verified request has to say: verified where that is to
// be forwarded.
func welcome(p *policy, r *http.Request, d *decision) string {
	noteDelivery(p, d)
	reason := notOne
	if p.confirm {
		reason = confirmSubscription(d.proof.scheme, d)
	} else if len(p.handshakes) > 0 {
		reason = greet(p, false, r, d)
	}
	if reason == notOne {
		return verified
	}
	return reason
}

// noteDelivery notes the delivery's id and the event's type of a verified
// request, wherever they stand. Those in headers are known already, unless
// another form than the first has verified.
func noteDelivery(p *policy, d *decision) {
	m := &d.message
	m.item = nil
	s := d.proof.scheme
	id, event := placesOf(p, s)
	summary := summaryOf(p, s)
	if summary != nil {
		summarise(summary, d)
	}
	if id.kind != "" && (summary == nil || summary.id == nil) {
		d.deliveryID = textAt(id, m)
	}
	if event.kind != "" && (summary == nil || summary.event == nil) {
		d.eventType = textAt(event, m)
	}
}

func summaryOf(p *policy, s *scheme) *summary {
	if p.token != nil {
		return p.token.summary
	}
	return s.summary
}

// placesOf returns where the id and the event of a delivery stand: in the form
// that has verified it, or else in the first.
func placesOf(p *policy, s *scheme) (*place, *place) {
	if p.token != nil {
		return &p.token.id, &p.token.event
	}
	if s == nil && len(p.schemes) > 0 {
		s = p.schemes[0]
	}
	if s == nil {
		return &nowhere, &nowhere
	}
	return &s.id, &s.event
}

// nowhere is where a gate finds id and event that looks at the address alone.
var nowhere = place{}

// inHeader says whether a place is a header, or none.
func inHeader(p *place) bool {
	return p.kind == "header" || p.kind == ""
}
