package hookward

// noteDelivery notes the delivery's id and the event's type of a verified
// request, wherever they stand. Those in headers are known already, unless
// another form than the first has verified.
func noteDelivery(p *policy, d *decision) {
	m := &d.message
	m.item = nil
	i := p.identity
	if d.proof.scheme != nil {
		i = &d.proof.scheme.identity
	}
	s := i.summary
	if s != nil {
		id, event := summarise(s, m.body)
		if s.id != nil {
			d.deliveryID = id
		}
		if s.event != nil {
			d.eventType = event
		}
	}
	if i.id.kind != "" && (s == nil || s.id == nil) {
		d.deliveryID = textAt(&i.id, m)
	}
	if i.event.kind != "" && (s == nil || s.event == nil) {
		d.eventType = textAt(&i.event, m)
	}
}

// identityOf returns where the id and the event of a delivery stand, unless another form
// than the first verifies it.
func identityOf(p *policy) *identity {
	if p.token != nil {
		return &p.token.identity
	}
	if len(p.schemes) > 0 {
		return &p.schemes[0].identity
	}
	return &nowhere
}

// nowhere is where a gate finds id and event that looks at the address alone.
var nowhere = identity{}
