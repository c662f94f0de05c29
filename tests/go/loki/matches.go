// Command matches prints which entries Loki finds with line filters and matchers of structured metadata, one JSON object a
// line. It is built with the modules of tests/peers/loki:
//
//	cd tests/peers/loki && go run ../../go/loki/matches.go > ../../data/logql-matches.jsonl
//
// The first line holds the entries; each character of a line or value stands for one byte. Then {"text", "fits"}: the numbers
// of the entries that are found. Loki makes texts of many regexes, and some of these shortcuts find other lines than Go's
// regexp does: `|~ "x|"` finds only lines with an x, and `| c=~"x.*"` finds an x anywhere. There stands what it finds without
// shortcuts too, as "plain".
//go:build ignore

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"regexp"

	"github.com/grafana/loki/v3/pkg/logql/log"
	"github.com/grafana/loki/v3/pkg/logql/syntax"
	"github.com/prometheus/prometheus/model/labels"
)

type entry struct {
	line     string
	metadata map[string]string
}

var entries = []entry{
	{"", nil},
	{"x", nil},
	{"X", nil},
	{"y", nil},
	{"xy", nil},
	{"x\ny", nil},
	{"\n", nil},
	{"\xff", nil},
	{"x\xffy", nil},
	{"x\ufffdy", nil},
	{"é", nil},
	{"É", nil},
	{"a \"quoted\" \\ line", nil},
	{"apt: installed", nil},
	{"APT: installed", nil},
	{"apt installed", nil},
	{"dpkg: removed", nil},
	{"Task done", nil},
	{"ta\u017f\u212a done", nil},
	{"TASKS", nil},
	{"level=error msg=\"connection refused\"", nil},
	{"level=warn msg=\"connection reset by peer\"", nil},
	{"level=info msg=\"connection closed\"", nil},
	{"level=error\nmsg=late", nil},
	{"GET /health HTTP/1.1\" 200", nil},
	{"  GET /healthz 200", nil},
	{"POST /health 200", nil},
	{"got GET /health", nil},
	{"retry 3 with backoff", nil},
	{"retry\nbackoff", nil},
	{"retry", nil},
	{"backoff retry", nil},
	{"foobar", nil},
	{"foo bar", nil},
	{"foo then baz", nil},
	{"fooquxbar", nil},
	{"bar", nil},
	{"BAR", nil},
	{"color", nil},
	{"colour", nil},
	{"aab", nil},
	{"abab", nil},
	{"ababab", nil},
	{"10.0.0.1", nil},
	{"status=503 took 1200ms", nil},
	{"x", map[string]string{"c": "d"}},
	{"x", map[string]string{"c": "D"}},
	{"x", map[string]string{"c": "ad"}},
	{"x", map[string]string{"c": "da"}},
	{"x", map[string]string{"c": "d\n"}},
	{"x", map[string]string{"c": "d\ne"}},
	{"y", map[string]string{"c": "d", "e": "f"}},
	{"y", map[string]string{"e": "f"}},
	{"z", map[string]string{"c": "\xff"}},
	{"z", map[string]string{"c": "é", "trace_id": "0af7651916cd43dd"}},
	{"z", map[string]string{"a": "other"}},
	{"z", map[string]string{"c": "foobar"}},
	{"z", map[string]string{"c": "barfoo"}},
	{"z", map[string]string{"c": "5"}},
}

// Filters by text; each stands alone, negated, and in pairs.
var words = []string{``, `x`, `X`, `y`, `\n`, `\xff`, `é`, `"quoted"`, `apt`, `apt:`, `dpkg:`, `connection`, `error`, `level=`, `GET /health`, `retry`, `foo`, `ab`, `10.0.0.1`, `nowhere`}

var regexes = []string{
	``, `.`, `.*`, `.+`, `(.*)`, `.*?`, `(?s).*`, `(?s).+`, `x`, `x.y`, `(?s)x.y`, `x.+y`, `x[^a]y`, `x|y`, `^x$`, `(?m)^x$`, `^$`, `x|`, `|x`, `(x)?`, `x*`, `x+`,
	`(?i)x`, `é`, `(?i)é`, `\x{fffd}`, `x\x{fffd}y`, `\W`, `\bapt\b`, `(?i)apt:|dpkg:`, `(apt|dpkg):`, `^(apt|dpkg)`, `apt:?`, `(?i)task`, `(?i)TASK`, `(?i)tasks?`, `task`,
	`level=(error|warn)`, `level=(error|warn).*connection`, `level=error.*msg`, `(?s)level=error.*msg`, `level=error\s+msg`, `connection (refused|reset)`, `connection (refused|reset)$`, `^\s*GET /health`, `^GET /health`, `GET /health\b`, `GET /health[z ]`, `"(GET|POST) `, `/healthz?`,
	`retry.*backoff`, `(?s)retry.*backoff`, `retry[\s\S]*backoff`, `(retry|backoff).*(retry|backoff)`, `foo.*`, `.*foo`, `.*foo.*`, `foo.*bar`, `foo(bar| bar)`, `foo.*(bar|baz)`, `foo.*(bar|qux)`, `foobar|foo`, `foo|foobar`, `ba[rz]`, `(?i)bar`, `bar|(?i)foo`, `f|foo`, `b(ar|az|)`, `colou?r`, `(ab){2}`, `(ab){3}`, `(ab){2,}`, `a{2}b`, `^(ab)+$`, `[a-c]{3}`, `10\.0\.0\.1`, `10.0.0.1`, `(\d+\.){3}\d+`, `status=5\d\d`, `took [0-9]{4,}ms`, `status=(4|5)\d\d.*took`, `\Q10.0\E`, `(?:)`, `()`, `(foo|bar)|baz`, `foo.+`, `(foo.*|bar)`, `(.*|foo)`, `nowhere`, `no.*where`,
}

var metadata = []string{
	`c="d"`, `c!="d"`, `c=""`, `c!=""`, `c=~"d"`, `c!~"d"`, `c=~""`, `c!~""`, `c=~".*"`, `c!~".*"`, `c=~".+"`, `c!~".+"`, `c=~"d.*"`, `c=~".*d"`, `c=~"d.+"`, `c=~"d.e"`, `c=~"(?s)d.e"`, `c=~"(?i)d"`, `c=~"d|D"`, `c=~"d|"`, `c=~"|d"`, `c=~"d|ad|da"`, `c=~"d(a|b)?"`, `c=~"foo|bar"`, `c=~"foo|foobar"`, `c=~"foo.*"`, `c=~".*foo.*"`, `c=~"(foo|bar)+"`, `c!~"foo.*"`, `c=~"^d$"`, `c=~"d$"`, `c=~"d|x$"`, `c=~"[^x]"`, `c=~"é"`, `c="\xff"`, `c=~"\\x{fffd}"`, `c="5"`, `c=~"\\d"`, `e="f"`, `e!="f"`, `a="b"`, `a="other"`, `a!="b"`, `a_extracted="other"`, `trace_id=~"[0-9a-f]{16}"`, `trace_id!=""`, `C="d"`, `nothing=""`, `é=""`,
}

var others = []string{
	`|= "x" |= "y"`, `|= "x" != "y"`, `|= "x" |= "y" |= "z"`, `!= "x" != "y"`, `|= "x" or "y" |= "y" or "é"`, `|= "x" or "y" != "xy" or "\n"`, `!= "x" or "y" |= "foo" or "bar"`, `!= "x" or "y" or "foo" or "a"`, `|= "foo" != "bar" or "baz" or "qux"`, `|~ "x" or "y" !~ "x.y" or "é"`, `!~ "x" or "" or "y"`, `!= "x" or ""`, `|= "" or "x"`, `|= "x" or ""`, `|= "" or ""`, `|= "" or "x" or "y"`, `|~ ".*" or "x"`, `|~ "x" or ".*"`, `|~ "x" or ".+"`, `|~ "" or "x" or "foo.*"`, `|~ "(?s).*" or "x"`, `|~ "()" or "x"`, `|~ ".*?" or "x"`,
	`|= "level=" |~ "refused|reset"`, `|= "level=" !~ "refused|reset"`, `|~ "level=(error|warn)" != "reset"`, `|= "retry" |~ "(?i)BACKOFF" != "foo"`, `|= "APT" or "dpkg"`, `|~ "(?i)apt" or "GET"`, `!= "a" != "e" !~ "\\d"`,
	`|= "x" | c="d"`, `| c="d" |= "x"`, `| c="d" != "x"`, `| c="d" | e="f"`, `| c="d" | e=""`, `| c="" |= "x" |= "y"`, `|= "x" | c!="d" !~ "y" | e=""`, `!= "x" | c=~"d|" != "y"`, `|= "z" | c=~"foo|bar"`, `|= "x" | c!="" |= "x" | e="" != "q"`,
}

func texts() []string {
	var texts []string
	for _, operator := range []string{"|=", "!="} {
		for number, word := range words {
			next := words[(number+3)%len(words)]
			texts = append(texts, operator+` "`+quoted(word)+`"`, operator+` "`+quoted(word)+`" or "`+quoted(next)+`"`)
		}
	}
	for _, operator := range []string{"|~", "!~"} {
		for number, regex := range regexes {
			next := regexes[(number+5)%len(regexes)]
			texts = append(texts, operator+" `"+regex+"`", operator+" `"+regex+"` or `"+next+"`")
		}
	}
	for _, matcher := range metadata {
		texts = append(texts, "| "+matcher)
	}
	return append(texts, others...)
}

func quoted(word string) string {
	return string(bytes.ReplaceAll([]byte(word), []byte(`"`), []byte(`\"`)))
}

// plain is what a query finds by Go's regexp alone. A text that is in every line is left out of an `or`, as Loki does it.
func plain(stages []syntax.StageExpr, line string, value func(string) string) bool {
	for _, stage := range stages {
		switch stage := stage.(type) {
		case *syntax.LineFilterExpr:
			for filter := stage; filter != nil; filter = filter.Left {
				if !plainFilter(filter, line) {
					return false
				}
			}
		case *syntax.LabelFilterExpr:
			matcher := matcherOf(stage.LabelFilterer)
			if !plainMatcher(matcher, value(matcher.Name)) {
				return false
			}
		}
	}
	return true
}

func plainFilter(filter *syntax.LineFilterExpr, line string) bool {
	left, found := 0, false
	for probe := filter; probe != nil; probe = probe.Or {
		of, err := log.NewFilter(probe.Match, probe.Ty)
		if err == nil && of == log.TrueFilter {
			continue
		}
		left++
		switch probe.Ty {
		case log.LineMatchEqual, log.LineMatchNotEqual:
			found = found || bytes.Contains([]byte(line), []byte(probe.Match))
		default:
			found = found || regexp.MustCompile(probe.Match).MatchString(line)
		}
	}
	negated := filter.Ty == log.LineMatchNotEqual || filter.Ty == log.LineMatchNotRegexp
	return (found || left == 0) != negated
}

func matcherOf(filter log.LabelFilterer) *labels.Matcher {
	switch filter := filter.(type) {
	case *log.StringLabelFilter:
		return filter.Matcher
	case *log.LineFilterLabelFilter:
		return filter.Matcher
	case *log.NoopLabelFilter:
		return filter.Matcher
	}
	panic("not a matcher of text or regex")
}

func plainMatcher(matcher *labels.Matcher, value string) bool {
	switch matcher.Type {
	case labels.MatchEqual:
		return value == matcher.Value
	case labels.MatchNotEqual:
		return value != matcher.Value
	}
	found := regexp.MustCompile("^(?:" + matcher.Value + ")$").MatchString(value)
	return found == (matcher.Type == labels.MatchRegexp)
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	var shown []map[string]any
	for _, entry := range entries {
		pairs := map[string]string{}
		for name, value := range entry.metadata {
			pairs[name] = characters(value)
		}
		shown = append(shown, map[string]any{"line": characters(entry.line), "metadata": pairs})
	}
	encoder.Encode(map[string]any{"generated": "tests/go/loki/matches.go with Loki 3.7.6", "stream": `{a="b"}`, "entries": shown})
	for _, text := range texts() {
		expr, err := syntax.ParseLogSelector(`{a="b"} `+text, false)
		if err != nil {
			encoder.Encode(map[string]any{"text": text, "refused": true})
			continue
		}
		encoder.Encode(asked(text, expr))
	}
}

func asked(text string, expr syntax.LogSelectorExpr) map[string]any {
	pipeline, err := expr.Pipeline()
	if err != nil {
		return map[string]any{"text": text, "refused": true}
	}
	stages := expr.(*syntax.PipelineExpr).MultiStages
	stream := pipeline.ForStream(labels.FromStrings("a", "b"))
	fits, without := []int{}, []int{}
	for number, entry := range entries {
		if _, _, found := stream.Process(0, []byte(entry.line), labels.FromMap(entry.metadata)); found {
			fits = append(fits, number)
		}
		value := func(name string) string {
			switch name {
			case "a":
				return "b"
			case "a_extracted":
				return entry.metadata["a"]
			}
			return entry.metadata[name]
		}
		if plain(stages, entry.line, value) {
			without = append(without, number)
		}
	}
	row := map[string]any{"text": text, "fits": fits}
	if !equal(fits, without) {
		row["plain"] = without
	}
	return row
}

func equal(one, other []int) bool {
	if len(one) != len(other) {
		return false
	}
	for at := range one {
		if one[at] != other[at] {
			return false
		}
	}
	return true
}

func characters(text string) string {
	var characters []rune
	for _, b := range []byte(text) {
		characters = append(characters, rune(b))
	}
	return string(characters)
}
