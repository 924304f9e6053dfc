package delivery

import "sort"

// giveBoth gives an order for deliveries of which some are in Redis and some on the disk
// beside it: as two parts with one number, each at half the pace.
func giveBoth(e *Engine, o Order, ids []string) (*Progress, string) {
	e.giving.Lock()
	defer e.giving.Unlock()
	parts := [][]string{{}, {}}
	for _, id := range ids {
		if whoHas(e, id) == e {
			parts[0] = append(parts[0], id)
		} else {
			parts[1] = append(parts[1], id)
		}
	}
	if len(parts[0]) > 0 && len(parts[1]) > 0 {
		o.Interval *= 2
	}
	problem := ""
	for i, one := range both(e) {
		one.mu.Lock()
		refusal := refusalOf(one)
		one.mu.Unlock()
		if refusal != "" && (len(parts[i]) > 0 || refusal == UnderWay) {
			problem = refusal
		}
	}
	if problem != "" {
		return nil, problem
	}
	e.mu.Lock()
	e.ordered++
	number := e.ordered
	e.mu.Unlock()
	given := []*Progress{}
	for i, one := range both(e) {
		if len(parts[i]) == 0 {
			continue
		}
		p, refusal := give(one, o, parts[i], number)
		if refusal != "" {
			Stop(e, number, o.Actor) // it was the engine's a moment ago
			return nil, refusal
		}
		given = append(given, p)
	}
	return merge(given)[0], ""
}

// merge makes one of the parts of an order, the oldest order at first.
func merge(all []*Progress) []*Progress {
	merged := []*Progress{}
	byNumber := map[int64]*Progress{}
	for _, p := range all {
		before := byNumber[p.Number]
		if before == nil {
			before = progressOf(p)
			byNumber[p.Number] = before
			merged = append(merged, before)
			continue
		}
		before.Total += p.Total
		before.Done += p.Done
		before.Left += p.Left
		before.Reasons = append(before.Reasons, p.Reasons...)
		if p.Ended.IsZero() || !before.Ended.IsZero() && p.Ended.After(before.Ended) {
			before.Ended = p.Ended
		}
		if before.Stopped == "" {
			before.Stopped = p.Stopped
		}
	}
	sort.Slice(merged, func(i, j int) bool { return merged[i].Number < merged[j].Number })
	return merged
}
