package delivery

import "time"

// firstYear is before which nothing was received: a clock said so that was never set.
const firstYear = 2024

// ageOf returns for how long a delivery has waited while a process was there, in milliseconds:
// rather too little than too much, where the clock was wrong.
func ageOf(e *Engine, it *item, received time.Time) int64 {
	if it.step < it.attempts || received.Year() < firstYear {
		return 0 // it was replayed: all begins anew but the number of its attempts
	}
	from := received.UnixMilli()
	to := e.wall().UnixMilli()
	if it.entry.Seen > 0 {
		to = it.entry.Seen
	}
	age := to - from
	for _, one := range e.absent {
		if one.From < from {
			one.From = from
		}
		if one.To > to {
			one.To = to
		}
		if one.From < one.To {
			age -= one.To - one.From
		}
	}
	if age < 0 {
		return 0
	}
	return age
}
