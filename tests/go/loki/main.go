// Command loki prints how Loki reads stream selectors, one JSON object a line. It is built with the modules of tests/peers/loki:
//
//	cd tests/peers/loki && go run ../../go/loki/main.go > ../../data/logql.jsonl
//
// The first line holds label sets; then {"text", "refused": true}, or {"text", "fits"}: the numbers of the sets that fit.
//go:build ignore

package main

import (
	"bufio"
	"encoding/json"
	"os"

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

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
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
