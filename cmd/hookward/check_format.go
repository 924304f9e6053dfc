package main

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

// checkFormats are what check can print.
var checkFormats = []struct {
	name  string
	print func(report checkup.Report, w io.Writer) error
}{
	{"text", printText}, {"json", printFindingsJSON}, {"github", printAnnotations}, {"sarif", printSARIF},
}

func checkFormatNames() []string {
	names := []string{}
	for _, f := range checkFormats {
		names = append(names, f.name)
	}
	return names
}

// withoutInfos returns what is left of findings, once infos are left out.
func withoutInfos(findings []finding.Finding) []finding.Finding {
	left := []finding.Finding{}
	for _, f := range findings {
		if f.Severity != finding.Info {
			left = append(left, f)
		}
	}
	return left
}

func printFindingsJSON(report checkup.Report, w io.Writer) error {
	return printJSON(w, report.Findings)
}

// printText prints what was found, a line each, and how much it is.
func printText(report checkup.Report, w io.Writer) error {
	for _, f := range report.Findings {
		_, err := io.WriteString(w, describeFinding(w, f))
		if err != nil {
			return err
		}
	}
	return printSum(report, w)
}

func printSum(report checkup.Report, w io.Writer) error {
	errors, warnings, infos := count(report.Findings)
	_, err := fmt.Fprintf(w, "hookward sections: %d, in %s; errors: %d, warnings: %d, infos: %d\n", report.Sections, counted(int64(report.Files), "file"), errors, warnings, infos)
	return err
}

// printAnnotations prints what GitHub Actions shows beside the lines of a change.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
func printAnnotations(report checkup.Report, w io.Writer) error {
	text := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range report.Findings {
		level := f.Severity
		if level == finding.Info {
			level = "notice"
		}
		place := ""
		if f.Line > 0 {
			place = fmt.Sprintf(",line=%d", f.Line)
		}
		if f.Column > 0 {
			place += fmt.Sprintf(",col=%d", f.Column)
		}
		_, err := fmt.Fprintf(w, "::%s file=%s%s,title=%s::%s\n", level, property.Replace(printable(f.File)), place, property.Replace("hookward: "+f.Rule), text.Replace(printable(said(f))))
		if err != nil {
			return err
		}
	}
	return printSum(report, w)
}

// said is a finding's message, behind the path that it is about.
func said(f finding.Finding) string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// What SARIF 2.1.0 needs of a report.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string `json:"id"`
		HelpURI string `json:"helpUri"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn,omitempty"`
	}
)

const rulesPage = "https://github.com/hookward/hookward/blob/main/docs/check.md#rules"

func printSARIF(report checkup.Report, w io.Writer) error {
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "hookward", InformationURI: rulesPage, Rules: []sarifRule{}}
	seen := map[string]bool{}
	for _, f := range report.Findings {
		if !seen[f.Rule] {
			seen[f.Rule] = true
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{f.Rule, rulesPage})
		}
		level := f.Severity
		if level == finding.Info {
			level = "note"
		}
		place := sarifPhysical{Artifact: sarifArtifact{(&url.URL{Path: filepath.ToSlash(f.File)}).String()}}
		if f.Line > 0 {
			place.Region = &sarifRegion{f.Line, f.Column}
		}
		run.Results = append(run.Results, sarifResult{f.Rule, level, sarifText{said(f)}, []sarifLocation{{place}}})
	}
	return printJSON(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}
