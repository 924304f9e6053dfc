// Package src has a loop with all that the generator knows of.
package src

import (
	"fmt"
	"strconv"
	"strings"
)

type job struct {
	text  string
	steps []string
	total int
	done  chan bool
}

// workLoop takes jobs until there are none.
//
//inline:loop
func workLoop(jobs chan *job) {
	defer func() { _ = recover() }()
	var j *job
	var stop string
	for {
		j = <-jobs
		if j == nil {
			return
		}
		stop = checkText(j, j.text)
		if stop == "" {
			stop = sum(j)
		}
		note(j, stop)
		j.done <- true
	}
}

// checkText has a parameter that it changes, and two variables of one name.
//
//inline:hot
func checkText(j *job, text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return "empty"
	}
	for i, word := range strings.Fields(text) {
		switch {
		case word == "stop":
			return "stop at " + strconv.Itoa(i)
		case strings.HasPrefix(word, "x"):
			i := "x" + word
			note(j, i)
		}
	}
	var seen int
	for i := 0; i < len(text); i++ {
		if text[i] == '-' {
			seen++
		}
	}
	j.total = seen
	if seen > 2 {
		return "dashes"
	}
	return ""
}

// sum ends with a call of another hot function.
//
//inline:hot
func sum(j *job) string {
	for _, word := range strings.Fields(j.text) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return refuse(word)
		}
		j.total += n
	}
	return refuse("")
}

//inline:hot
func refuse(word string) string {
	if word == "" {
		return ""
	}
	return fmt.Sprintf("%q is no number", word)
}

//inline:hot
func note(j *job, step string) {
	if step == "" {
		return
	}
	j.steps = append(j.steps, step)
}

// Run sends texts through both loops, and returns what each has made of them.
func Run(texts []string) ([]string, []string) {
	return through(false, texts), through(true, texts)
}

func through(generated bool, texts []string) []string {
	jobs := make(chan *job)
	if generated {
		go workLoopInlined(jobs)
	} else {
		go workLoop(jobs)
	}
	results := []string{}
	for _, text := range texts {
		j := &job{text: text, done: make(chan bool, 1)}
		jobs <- j
		<-j.done
		results = append(results, fmt.Sprint(j.steps, j.total))
	}
	jobs <- nil
	return results
}
