package outbox

import (
	"sync"
	"time"
)

// voice tells the operator what there is to say, from a goroutine of its own: who
// listens may be slow, and whoever speaks may hold a lock.
type voice struct {
	tell func(level, message string, now time.Time)

	mu      sync.Mutex
	news    []news
	planned bool
}

type news struct {
	level, message string
}

// maxNews bounds what is waiting to be told.
const maxNews = 16

// say has something told soon. What is about to be told already is not told twice.
func say(v *voice, level, message string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range v.news {
		if v.news[i].message == message {
			return
		}
	}
	if len(v.news) >= maxNews {
		return
	}
	v.news = append(v.news, news{level: level, message: message})
	if !v.planned {
		v.planned = true
		time.AfterFunc(0, func() { speak(v) })
	}
}

func speak(v *voice) {
	defer func() { _ = recover() }()
	for {
		v.mu.Lock()
		all := v.news
		v.news = nil
		v.planned = len(all) > 0
		v.mu.Unlock()
		if len(all) == 0 {
			return
		}
		for i := range all {
			v.tell(all[i].level, all[i].message, time.Now())
		}
	}
}
