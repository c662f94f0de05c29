// Command loki prints how Loki reads stream selectors and log queries, one JSON object a line. It is built with the modules
// of tests/peers/loki:
//
//	cd tests/peers/loki && go run ../../go/loki/main.go > ../../data/logql.jsonl
//	cd tests/peers/loki && go run ../../go/loki/main.go queries > ../../data/logql-queries.jsonl
//
// Of selectors the first line holds label sets; then {"text", "refused": true}, or {"text", "fits"}: the numbers of the sets
// that fit. Of queries there is {"text", "refused": true}, or {"text", "stages"}: a `line` filter (text or regex), a `label`
// matcher (one, of text or regex), or `other`, which is whatever else LogQL has.
//go:build ignore

package main

import (
	"bufio"
	"encoding/json"
	"os"

	"github.com/grafana/loki/v3/pkg/logql/log"
	"github.com/grafana/loki/v3/pkg/logql/syntax"
)

var sets = []map[string]string{
	{},
	{"a": "b"},
	{"a": "b", "c": "d"},
	{"a": "B"},
	{"a": "ab"},
	{"a": "b\nc"},
	{"a": "b\r"},
	{"a": "é"},
	{"a": "\xff"},
	{"a": "a\"b\\n"},
	{"source": "docker", "stack": "vllm"},
	{"source": "docker", "stack": "hexagon"},
	{"source": "journal", "service": "ssh.service"},
	{"source": "journal", "service": "sshxservice"},
	{"é": "x", "_": "y", "A1": "z"},
}

var texts = []string{
	`{}`, `{ }`, `{`, `}`, ``, ` `, `a`, `{a}`, `{a=}`, `{="b"}`, `{a="b"}`, `{a=""}`, `{a!=""}`, `{a!="b"}`, `{a=~"b"}`, `{a!~"b"}`, `{a=~""}`, `{a!~""}`, `{a=~"b|"}`, `{a=~".*"}`, `{a=~".+"}`, `{a!~".+"}`, `{a!~".*"}`,
	`{a="b",c="d"}`, `{a="b", c!="d"}`, `{a="b",}`, `{,a="b"}`, `{a="b",,c="d"}`, `{a="b" c="d"}`, `{a="b"},`, `{a="b"}}`, `{{a="b"}}`, `{a="b"}{c="d"}`, `{a="b"} {c="d"}`, `({a="b"})`, ` { a = "b" , c = "d" } `, "{\n\ta=\"b\"\n}\n", "{a=\"b\"} # x", "# x\n{a=\"b\"}", "{a=\"b\" # x\n}", "{a=\"b\" # x }", "{a=\"b\" // x\n}", "{a=\"b\" /* x */}",
	"{a=`b`}", "{a=`a\"b\\n`}", `{a="a\"b\\n"}`, "{a=`b\nc`}", `{a="b\nc"}`, "{a=\"b\nc\"}", "{a=`b\r`}", `{a='b'}`, `{a="b}`, "{a=`b}", `{a="\q"}`, `{a="\x62"}`, `{a="\142"}`, `{a="\u0062"}`, `{a="\U00000062"}`, `{a="\xff"}`, `{a="\ud800"}`, `{a="\400"}`, `{a="\'"}`, `{a="é"}`, "{a=\"\ufffd\"}", `{a="\ufffd"}`,
	`{a=="b"}`, `{a = ~"b"}`, `{a =~ "b"}`, `{a !~ "b"}`, `{a ! = "b"}`, `{a>"b"}`, `{a|="b"}`, `{a=~b}`, `{a=1}`, `{a=b}`, `{a=~"("}`, `{a=~"b)"}`, `{a=~"[b"}`, `{a=~"(?i)B"}`, `{a=~"(?-s)b.c"}`, `{a=~"b.c"}`, `{a=~"b.*"}`, `{a=~"^b$"}`, `{a=~"b$|x"}`, `{a=~"(?m)^b$"}`, `{a=~"a?b"}`, `{a=~"."}`, `{a=~"\\w"}`, "{a=~`\\w`}", "{a=~`\\W`}", `{a=~"\\C"}`, `{a!~"(?i:B|AB)"}`, `{a=~"b|B|ab|é"}`, `{a!~"b|B"}`,
	`{source="docker", stack=~"vllm|hex"}`, `{source="docker", stack=~"vllm|hex.*"}`, `{source="journal", service=~"(docker|ssh|cron)[.]service"}`, `{source=~"file|docker"}`, `{level="", source!~"mcp|journal"}`, `{stack=""}`, `{source="docker",source!="x"}`, `{a="b",a="B"}`, `{a=~"a.*",a=~".*b"}`,
	`{é="x"}`, `{_="y"}`, `{A1="z"}`, `{a1="z"}`, `{1a="z"}`, `{a.b="z"}`, `{a-b="z"}`, `{a:b="z"}`, `{"a"="b"}`, `{"a.b"="c"}`, `{__name__="x"}`, `{日本!="x"}`, `{a٣!="x"}`, `{٣a!="x"}`,
	`{a="b"} |= "x"`, `{a="b"} != "x"`, `{a="b"} |~ "x"`, `{a="b"} | json`, `{a="b"} | c="d"`, `{a="b"}[5m]`, `{a="b"} or {c="d"}`, `rate({a="b"}[5m])`, `{a="b"} x`, `{a="b"} 1`, `a="b"`, `"a"="b"`, "\ufeff{a=\"b\"}", "{\u00a0a=\"b\"}", "{a=\"b\"}\x00",
}

// What stands behind the selector {a="b"}.
var pipelines = []string{
	``, ` `, `|= "x"`, `!= "x"`, `|~ "x"`, `!~ "x"`, `|="x"`, "|= `x`", "|~ `\\w+`", `|~ "\\w+"`, `|= 'x'`, `|= "it's"`, `|= ""`, `|~ ""`, `|= x`, `|= 1`, `|=`, `|= "x`, "|= `x", `|= "a\"b"`, `|= "a\nb"`, "|= \"a\nb\"", "|= `a\nb`", `|= "\x62\u00e9\142\U00000062"`, `|= "\q"`, `|= "\'"`, `|= "\ud800"`, `|= "é"`,
	`|= "x" |= "y"`, `|= "x" != "y" |~ "z" !~ "w"`, `|= "x"|="y"`, `|= "x" "y"`, `|= "x", |= "y"`, `|= "x" and |= "y"`, `|= "x" # a comment`, "# a comment\n|= \"x\"", "|= # a comment\n\"x\"", `|= "x" // a comment`, `|= /* a comment */ "x"`, `| = "x"`, `! = "x"`, `|== "x"`, `|!= "x"`, `||= "x"`, `=~ "x"`, `= "x"`, `== "x"`,
	`|= "x" or "y"`, `|= "x" or "y" or "z"`, `!= "x" or "y"`, `|~ "x" or "y"`, `!~ "x" or "y"`, `|= "x" or`, `|= or "x"`, `|= "x" or or "y"`, `|= "x" or |= "y"`, `|= "x" OR "y"`, `|= "x" or"y"`, `|= "x"or"y"`, `|= "x" ory`, `|= "x" or y`, `|= "x" or "y" |= "z" or "w"`, `|= "x" and "y"`, "|= `x` or `y`", `|= ("x" or "y")`, `|= "x" or ("y")`,
	`|~ "("`, `|~ "a)"`, `|~ "[a"`, `|~ "a{2,1}"`, `|~ "(?i)x"`, `|~ "(?P<n>x)"`, `|~ "(?<=x)"`, `|~ "x" or "("`, `!~ "("`, `!~ "*"`, `|~ "*"`, `|= "("`, `|~ "\\pL"`, `|~ "\\p{Nope}"`, `|~ "\xff"`, `|= "\xff"`, `|~ "\\C"`, `|~ "\\Qa(b\\E"`,
	`|= ip("10.0.0.1")`, `!= ip("10.0.0.0/8")`, `|~ ip("10.0.0.1")`, `|= ip("x")`, `|= ip(10)`, `|= "x" or ip("10.0.0.1")`, `|= ip`, `|> "<_> x"`, `!> "<_> x"`, `|> "<_>"`, `|> x`,
	`| c="d"`, `| c!="d"`, `| c=~"d"`, `| c!~"d"`, "| c=`d`", `|c="d"`, `| c = "d"`, `| c="d" | e="f"`, `| c="d" |= "x"`, `|= "x" | c="d"`, `| c="d" != "x"`, `| c='d'`, `| c=d`, `| c=`, `| c`, `|`, `| c=""`, `| c=~"("`, `| c!~"*"`, `| é="d"`, `| _="d"`, `| a1="d"`, `| 1a="d"`, `| a.b="d"`, `| "c"="d"`, `| c="d" or "e"`, `| c="d" or e="f"`, `| c="d" and e="f"`, `| c="d", e="f"`, `| c="d" e="f"`, `| (c="d")`, `| c="d",`, `| trace_id="0af7"`, `| c="5"`,
	`| c=5`, `| c==5`, `| c>5`, `| c>=5`, `| c<5`, `| c<=5`, `| c!=5`, `| c>"5"`, `| c=="d"`, `| c>5m`, `| c>5MB`, `| c=ip("10.0.0.1")`,
	`| json`, `| logfmt`, `| json | c="d"`, `| logfmt --strict`, "| regexp `(?P<c>x)`", "| pattern `<c> x`", `| unpack`, `| line_format "x"`, `| label_format c=d`, `| decolorize`, `| drop c`, `| keep c`, `| unwrap c`, `| json c="d"`, `| nope`, `| |= "x"`, `| json |= "x"`,
	`[5m]`, `|= "x" [5m]`, `or {c="d"}`, `|= "x" or {c="d"}`, `x`, `)`, `|= "x" )`, `offset 5m`, `|= "x";`, "|= \"x\"\x00", "|= \u00a0\"x\"",
}

var queries = append(behind(`{a="b"}`), `{a="b"`, `|= "x"`, `{} |= "x"`, `{a=""} | c="d"`, `({a="b"} |= "x")`, `({a="b"}) |= "x"`, "\ufeff{a=\"b\"} |= \"x\"", `{a="b"|="x"}`, `{a="b"} {c="d"} |= "x"`, `{ip="x"} |= "x"`)

func behind(selector string) []string {
	var texts []string
	for _, pipeline := range pipelines {
		texts = append(texts, selector+" "+pipeline)
	}
	return texts
}

func query(text string) map[string]any {
	refused := map[string]any{"text": text, "refused": true}
	expr, err := syntax.ParseLogSelector(text, false)
	if err != nil {
		return refused
	}
	// What is only seen when the query is run: regexes, addresses.
	if _, err := expr.Pipeline(); err != nil {
		return refused
	}
	stages := []string{}
	if pipeline, ok := expr.(*syntax.PipelineExpr); ok {
		for _, stage := range pipeline.MultiStages {
			stages = append(stages, kind(stage))
		}
	}
	return map[string]any{"text": text, "stages": stages}
}

func kind(stage syntax.StageExpr) string {
	switch stage := stage.(type) {
	case *syntax.LineFilterExpr:
		if ofText(stage) {
			return "line"
		}
	case *syntax.LabelFilterExpr:
		switch stage.LabelFilterer.(type) {
		case *log.StringLabelFilter, *log.LineFilterLabelFilter, log.NoopLabelFilter, *log.NoopLabelFilter:
			return "label"
		}
	}
	return "other"
}

// ofText tells filters by text or regex from those by address or pattern.
func ofText(filter *syntax.LineFilterExpr) bool {
	if filter == nil {
		return true
	}
	if filter.Op != "" || filter.Ty == log.LineMatchPattern || filter.Ty == log.LineMatchNotPattern {
		return false
	}
	return ofText(filter.Left) && ofText(filter.Or)
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if len(os.Args) > 1 && os.Args[1] == "queries" {
		for _, text := range queries {
			encoder.Encode(query(text))
		}
		return
	}
	var shown []map[string]string
	for _, set := range sets {
		labels := map[string]string{}
		for name, value := range set {
			labels[bytes(name)] = bytes(value)
		}
		shown = append(shown, labels)
	}
	encoder.Encode(map[string]any{"generated": "tests/go/loki with Loki 3.7.6; each character of a label stands for one byte", "sets": shown})
	for _, text := range texts {
		matchers, err := syntax.ParseMatchers(text, false)
		if err != nil {
			encoder.Encode(map[string]any{"text": text, "refused": true})
			continue
		}
		fits := []int{}
	next:
		for number, set := range sets {
			for _, matcher := range matchers {
				if !matcher.Matches(set[matcher.Name]) {
					continue next
				}
			}
			fits = append(fits, number)
		}
		encoder.Encode(map[string]any{"text": text, "fits": fits})
	}
}

func bytes(text string) string {
	var characters []rune
	for _, b := range []byte(text) {
		characters = append(characters, rune(b))
	}
	return string(characters)
}
