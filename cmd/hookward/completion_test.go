package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// completionCases are lines as they are typed, up to the key Tab, and what a shell
// offers then: all of want, and nothing of not.
var completionCases = []struct {
	line, want, not string
}{
	{"hookward ", "check send verify providers audit deliveries completion version help", "--help"},
	{"hookward deliveries ", "list show replay drop export adopt", "stripe"},
	{"hookward deliveries list --state ", "dead waiting", "--event"},
	{"hookward se", "send", "audit"},
	{"hookward send --pro", "--provider", "--print"},
	{"hookward send --provider str", "stripe", "github str"},
	{"hookward send --provider git", "github gitlab gitlab-signed", "stripe"},
	{"hookward send --tamper ", "body none signature", "--provider"},
	{"hookward send --count 3 --prov", "--provider", ""},
	{"hookward providers mail", "mailgun mailchimp", "stripe"},
	{"hookward providers --f", "--filter", "--provider"},
	{"hookward completion ", "bash zsh fish", "audit"},
	{"hookward help aud", "audit", "send"},
	{"hookward version --", "--json --help", "--key"},
	{"hookward audit --l", "--last", "--provider"},
	{"hookward check --s", "--strict", "--secret"},
	{"hookward check --json fil", "file.log", "--json"},
	{"hookward verify --provider str", "stripe", "github str"},
	{"hookward verify -X P", "PATCH POST PUT", "GET"},
	{"hookward verify -", "-H -X --har --middleware", "--H --X"},
	{"hookward verify --config fil", "file.log", "--config"},
	{"hookward audit fil", "file.log", "--last"},
}

// runShell runs a shell's script in a directory with one file, and returns what it
// prints. It skips the test where the shell is missing.
func runShell(t *testing.T, shell string, arguments ...string) string {
	t.Helper()
	path, err := exec.LookPath(shell)
	if err != nil {
		t.Skip("there is no " + shell)
	}
	status, script, stderr := hookward("completion", shell)
	if status != exitGood || stderr != "" {
		t.Fatal(status, stderr)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"file.log": "", ".script": script} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command(path, arguments...)
	run.Dir = dir
	run.Env = append(os.Environ(), "HOME="+dir, "TERM=dumb")
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", shell, err, out)
	}
	return string(out)
}

// checkOffers compares the words that a shell offers with those that are wanted.
func checkOffers(t *testing.T, line, offered, want, not string) {
	t.Helper()
	words := map[string]bool{}
	for _, word := range strings.Fields(offered) {
		words[word] = true
	}
	for _, word := range strings.Fields(want) {
		if !words[word] {
			t.Errorf("%q: %s is not offered: %q", line, word, offered)
		}
	}
	for _, word := range strings.Fields(not) {
		if words[word] {
			t.Errorf("%q: %s is offered: %q", line, word, offered)
		}
	}
}

func TestBashCompletion(t *testing.T) {
	// As readline calls it: what the function says, and where that is nothing, files.
	const harness = `
source ./.script
[[ $(complete -p hookward) == *"-o default"*"-F _hookward"* ]] || exit 1
offer() {
  local line=$1
  read -ra COMP_WORDS <<<"$line"
  [[ $line == *" " ]] && COMP_WORDS+=("")
  COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
  _hookward
  (( ${#COMPREPLY[@]} )) || COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
  echo "${COMPREPLY[*]}"
}
`
	for _, c := range completionCases {
		checkOffers(t, c.line, runShell(t, "bash", "--norc", "--noprofile", "-c", harness+"offer '"+c.line+"'"), c.want, c.not)
	}
	// bash takes the sign for a word.
	offered := runShell(t, "bash", "--norc", "--noprofile", "-c", "source ./.script; COMP_WORDS=(hookward send --provider = stri); COMP_CWORD=4; _hookward; echo ${COMPREPLY[*]}; "+
		"COMP_WORDS=(hookward send --tamper =); COMP_CWORD=3; _hookward; echo ${COMPREPLY[*]}")
	if offered != "stripe\n" && !strings.HasPrefix(offered, "stripe\n") {
		t.Errorf("with a sign: %q", offered)
	}
	checkOffers(t, "--tamper=", offered, "body none signature", "")
}

func TestFishCompletion(t *testing.T) {
	for _, c := range completionCases {
		offered := runShell(t, "fish", "--no-config", "-c", "source ./.script; complete -C '"+c.line+"' | string replace -r '\\t.*' ''; true")
		checkOffers(t, c.line, offered, c.want, c.not)
	}
}

func TestZshCompletion(t *testing.T) {
	// zsh completes in its line editor alone, so it gets a terminal.
	const harness = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; unset zle_bracketed_paste; autoload -U compinit; compinit -D -u; source ./.script; LISTMAX=10000; stty cols 200 rows 50; zstyle ':completion:*' list-prompt ''; unsetopt AUTO_MENU; bindkey '^X' list-choices; echo rea''dy"
out=
while zpty -r z line; do out+=$line; [[ $out == *ready* ]] && break; done
zpty -w -n z "$1"$'\C-x'
sleep 1
zpty -w -n z $'\C-e\C-u'"echo do''ne"$'\n'
while zpty -r z line; do print -r -- $line; [[ $line == *done* ]] && break; done
zpty -d z
`
	for _, c := range completionCases {
		if c.line == "hookward completion " || strings.HasSuffix(c.line, "tamper ") || strings.Contains(c.line, "git") || c.line == "hookward " {
			offered := runShell(t, "zsh", "-f", "-c", harness, "zsh", c.line)
			checkOffers(t, c.line, offered, c.want, "")
		}
	}
}
