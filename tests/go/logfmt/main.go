// Command logfmt prints how go-logfmt reads each line, one JSON object a line:
//
//	cd logfmt && go run . > ../../data/logfmt.jsonl
//
// The first line tells the version; then {"text", "refused": true}, or {"text", "pairs"}: keys and values in order, of a word
// without `=` and of an empty value null. A text that is not UTF-8 is given as "hex", and so is a value.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/go-logfmt/logfmt"
)

type row struct {
	Text    *string    `json:"text,omitempty"`
	Hex     string     `json:"hex,omitempty"`
	Refused bool       `json:"refused,omitempty"`
	Pairs   [][2]*text `json:"pairs,omitempty"`
}

type text struct {
	Text string `json:"text,omitempty"`
	Hex  string `json:"hex,omitempty"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.Encode(map[string]string{"generated": "tests/go/logfmt with " + version()})
	asked := map[string]bool{}
	for _, line := range lines() {
		if !asked[line] {
			asked[line] = true
			encoder.Encode(ask(line))
		}
	}
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/go-logfmt/logfmt" {
			return module.Path + " " + module.Version
		}
	}
	panic("built without it")
}

func ask(line string) row {
	var asked row
	if utf8.ValidString(line) {
		asked.Text = &line
	} else {
		asked.Hex = hex.EncodeToString([]byte(line))
	}
	decoder := logfmt.NewDecoder(strings.NewReader(line))
	decoder.ScanRecord()
	for decoder.ScanKeyval() {
		asked.Pairs = append(asked.Pairs, [2]*text{shown(decoder.Key()), shown(decoder.Value())})
	}
	if decoder.Err() != nil {
		asked.Refused, asked.Pairs = true, nil
	}
	return asked
}

func shown(bytes []byte) *text {
	switch {
	case bytes == nil:
		return nil
	case utf8.Valid(bytes):
		return &text{Text: string(bytes)}
	default:
		return &text{Hex: hex.EncodeToString(bytes)}
	}
}

// Lines as programs write them, and lines that are none.
var written = []string{
	`level=info ts=2026-01-02T03:04:05.678Z caller=main.go:12 msg="server listening" addr=:3100`,
	`time="2026-01-02T03:04:05Z" level=warning msg="cannot reach \"db\"" error="dial tcp: i/o timeout"`,
	`time=2026-01-02T03:04:05.678Z level=INFO source=routes.go:1187 msg="Listening on [::]:11434 (version 0.5.4)"`,
	`logger=context userId=1 orgId=1 uname=admin t=2026-01-02T03:04:05Z level=info msg="Request Completed" status=302`,
	`at=info method=GET path="/a?b=c" host=example.org fwd="192.0.2.1" dyno=web.1 connect=0ms status=200 bytes=0`,
	`source=web.1 dyno=a sample#load_avg_1m=0.00 sample#memory_total=12.00MB`,
	`ts=2026-01-02T03:04:05Z lvl=info msg="TSM compaction (start)" log_id=0 engine=tsm1 op_event=start`,
	"t=2026-01-02T03:04:05+0000 lvl=eror msg=failed err=\"a\\nb\"",
	`level=info msg="request done" cached`,
	`level=info msg=disk full on /dev/sda1`,
	`level=info msg=got level=error from=peer`,
	`level=info url=/a?b=c`,
	`connection refused`,
	`connection to host=db failed`,
	`2026-01-02T03:04:05Z [INFO]  agent: Started HTTP server: address=127.0.0.1:8500 network=tcp`,
	`2026/01/02 03:04:05 level=info msg="behind a date"`,
	`INFO 01-02 03:04:05 engine.py:123] config: model='a', dtype=half, seed=0`,
	`I0102 03:04:05.678901       1 main.go:12] "Starting" version="1.2"`,
	`user=bob logged in from 192.0.2.1`,
	`{"level":"info","msg":"a=b"}`,
	`{"level": "info"}`,
	`{a=b}`,
	`name{a="b", c="d"} 1`,
	`Config(a="b", c="d")`,
	`<34>1 2026-01-02T03:04:05Z host app - - [x a="b"] text`,
	`192.0.2.1 - - [02/Jan/2026:03:04:05 +0000] "GET / HTTP/1.1" 200 12`,
	`{"a":1} {"b":2}`,
	`a=1 a=2`,
	`a="1" b=2 a=`,
	`a=1 b=2 a`,
	`a b`,
	`"a"=b`,
	`a =b`,
	`a= b`,
	`a==b`,
	`=`,
	`=b`,
	`==`,
	`"`,
	`'a'=b`,
	`a='b c'`,
	`a='b' c=d`,
	`a.b=c a-b=c a/b=c @a=b [a=b]`,
	`A=b a=B`,
	"a=b\tc=d",
	"a=b\x00c=d",
	"a=b\r",
	"\x1b[32ma\x1b[0m=b",
	"\ufeffa=b",
	"a=\u00a0b c=\u2028",
}

var (
	keys   = []string{"a", "é", "\xff", "\ufffd", ""}
	values = []string{
		"", "b", `""`, `"b c"`, `"b`, `b"`, `"b"c`, `"b"c=d`, `b=`, `é`, "\xff", "\"\xff\"", "\ufffd", `"\n\t\r\b\f"`, `"\"\\\/\'"`, `"\"`, `"\\"`,
		`"\q"`, `"\u00e9"`, `"\u00E"`, `"\u+123"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`, `"="`, `" "`,
	}
	tails = []string{" ", " c", " c=d", " c c=d", " =", ` "`, " \xff"}
)

func lines() []string {
	lines := append([]string{"", " "}, written...)
	for _, key := range keys {
		for _, value := range []string{"", "b", `"b c"`} {
			lines = append(lines, key+"="+value, " "+key+"="+value+" c=d", "c="+value+" "+key)
		}
	}
	for _, value := range values {
		lines = append(lines, "a="+value)
	}
	for _, value := range []string{"", "b", `"b"`, `"\n"`} {
		for _, tail := range tails {
			lines = append(lines, "a="+value+tail)
		}
	}
	return lines
}
