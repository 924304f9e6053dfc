package main

import (
	"fmt"
	"io"
	"strings"
)

// The scripts have no word in them that a shell would act upon but those of this
// file: names of commands, options and providers are plain, and summaries quoted.

// writeBash writes the script for bash, which has words without descriptions. Where
// it says nothing, "-o default" has bash complete names of files.
func writeBash(w io.Writer, words []completed) error {
	text := &strings.Builder{}
	text.WriteString(`# bash completion for hookward
_hookward() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  # bash cuts --option=value into three words.
  if [[ $cur == "=" ]]; then
    cur=
  elif [[ $prev == "=" ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W '` + strings.Join(commandNames(words), " ") + `' -- "$cur"))
    return
  fi
  case ${COMP_WORDS[1]} in
`)
	for _, c := range words {
		fmt.Fprintf(text, "  %s)\n    case $prev in\n", c.name)
		for _, f := range c.flags {
			if f.value && f.values != nil {
				fmt.Fprintf(text, "    %s) words='%s' ;;\n", dashed(f.name), strings.Join(f.values, " "))
			} else if f.value {
				fmt.Fprintf(text, "    %s) return ;;\n", dashed(f.name))
			}
		}
		fmt.Fprintf(text, "    *)\n      if [[ $cur == -* ]]; then\n        words='%s'\n      else\n        words='%s'\n      fi ;;\n    esac ;;\n", strings.Join(flagNames(c), " "), strings.Join(c.arguments, " "))
	}
	text.WriteString(`  esac
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -o default -F _hookward hookward
`)
	_, err := io.WriteString(w, text.String())
	return err
}

// writeZsh writes the script for zsh, to be sourced or to lie in a directory of fpath.
func writeZsh(w io.Writer, words []completed) error {
	text := &strings.Builder{}
	text.WriteString("#compdef hookward\n# zsh completion for hookward\n_hookward() {\n  local -a options\n  if (( CURRENT == 2 )); then\n    options=(\n")
	for _, c := range words {
		fmt.Fprintf(text, "      %s\n", shellQuoted(c.name+":"+c.summary))
	}
	text.WriteString("    )\n    _describe command options\n    return\n  fi\n  case $words[2] in\n")
	for _, c := range words {
		fmt.Fprintf(text, "  %s)\n    case $words[CURRENT-1] in\n", c.name)
		for _, f := range c.flags {
			if f.value && f.values != nil {
				fmt.Fprintf(text, "    %s) compadd -- %s; return ;;\n", dashed(f.name), strings.Join(f.values, " "))
			} else if f.value {
				fmt.Fprintf(text, "    %s) _files; return ;;\n", dashed(f.name))
			}
		}
		text.WriteString("    esac\n    if [[ $PREFIX == -* ]]; then\n      options=(\n")
		for _, f := range c.flags {
			fmt.Fprintf(text, "        %s\n", shellQuoted(dashed(f.name)+":"+strings.ReplaceAll(f.summary, ":", `\:`)))
		}
		text.WriteString("      )\n      _describe option options\n")
		if c.arguments != nil {
			fmt.Fprintf(text, "    else\n      compadd -- %s\n    fi ;;\n", strings.Join(c.arguments, " "))
		} else {
			text.WriteString("    else\n      _files\n    fi ;;\n")
		}
	}
	text.WriteString("  esac\n}\nif [[ $funcstack[1] == _hookward ]]; then\n  _hookward \"$@\"\nelse\n  compdef _hookward hookward\nfi\n")
	_, err := io.WriteString(w, text.String())
	return err
}

// writeFish writes the script for fish.
func writeFish(w io.Writer, words []completed) error {
	text := &strings.Builder{}
	text.WriteString("# fish completion for hookward\n")
	for _, c := range words {
		fmt.Fprintf(text, "complete -c hookward -n __fish_use_subcommand -f -a %s -d %s\n", c.name, fishQuoted(c.summary))
		within := "-n '__fish_seen_subcommand_from " + c.name + "'"
		for _, f := range c.flags {
			value := ""
			if f.value && f.values != nil {
				value = " -x -a '" + strings.Join(f.values, " ") + "'"
			} else if f.value {
				value = " -r -F"
			}
			form := "-l "
			if len(f.name) == 1 {
				form = "-s "
			}
			fmt.Fprintf(text, "complete -c hookward %s %s%s%s -d %s\n", within, form, f.name, value, fishQuoted(f.summary))
		}
		if c.arguments != nil {
			fmt.Fprintf(text, "complete -c hookward %s -f -a '%s'\n", within, strings.Join(c.arguments, " "))
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func commandNames(words []completed) []string {
	names := []string{}
	for _, c := range words {
		names = append(names, c.name)
	}
	return names
}

func flagNames(c completed) []string {
	names := []string{}
	for _, f := range c.flags {
		names = append(names, dashed(f.name))
	}
	return names
}

// fishQuoted returns a text as one word of fish, where a backslash has a meaning
// between single quotes.
func fishQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
