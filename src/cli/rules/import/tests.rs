use super::*;

fn imported(toml: &str) -> Imported {
    match gitleaks::read("a.toml", toml) {
        Ok(config) => import("a.toml", &config, false),
        Err(complaint) => panic!("{complaint}"),
    }
}

#[test]
fn what_is_left_out_is_told() {
    #[rustfmt::skip]
    let facts: &[(&str, &str, &str)] = &[
        ("no regex",            "path = 'x'",                              "a: not taken: it has no regex, and log lines have no path"),
        ("short keywords",      "regex = 'k[0-9]+'\nkeywords = ['k']",     "a: not taken: it has no keyword of three bytes or more, and there is none in its regex"),
        ("a broken regex",      "regex = '('",                             "a: not taken: missing closing ): `(` at character 1"),
        ("a group too many",    "regex = 'abc'\nsecretGroup = 1",          "a: not taken: its regex has no group 1"),
        ("too much entropy",    "regex = 'abc'\nentropy = 8",             "a: not taken: no text has as much entropy as it wants"),
        ("required rules",      "regex = 'abc'\nrequired = [{id = 'b'}]",  "a: not taken: it wants findings of other rules near (`required`)"),
        ("a path",              "regex = 'abc'\npath = 'x'",               "a: only reports: it is for some files alone, and log lines have no path"),
        ("an unknown key",      "regex = 'abc'\nverify = 1",               "a: key `verify` is left out"),
        ("tags",                "regex = 'abc'\ntags = ['x']",             "tags of 1 rule are left out"),
        ("paths",               "regex = 'abc'\nallowlist.paths = ['x']",  "a: allowlist: paths are left out (1), since log lines have none"),
        ("commits",             "regex = 'abc'\nallowlist.commits = ['x', 'y']", "a: allowlist: commits are left out (2), since log lines have none"),
        ("whole lines",         "regex = 'abc'\nallowlists = [{regexTarget = 'line', regexes = ['x']}]",
            "a: only reports: without all of its allowlists it finds too much\na: allowlist: regexes are left out (1), since they are asked of the line and not of the secret"),
        ("several at once",     "regex = 'abc'\nallowlists = [{condition = 'AND', paths = ['x'], regexes = ['x']}]",
            "a: only reports: without all of its allowlists it finds too much\na: allowlist: left out, since it wants several conditions at once"),
        ("nothing",             "regex = 'abc'\nentropy = 3\nallowlists = [{regexes = ['x'], stopwords = ['y']}]", ""),
    ];
    for (fact, rule, wanted) in facts {
        assert_eq!(imported(&format!("[[rules]]\nid = 'a'\n{rule}")).notes.join("\n"), *wanted, "{fact}");
    }
}

#[test]
fn names_are_unique_and_names_of_rules() {
    let long = "x".repeat(80);
    let ids = ["My Rule", "my-rule", "my-rule", "", &long, &long];
    let rules: String = ids.iter().flat_map(|id| ["[[rules]]\nid = '", id, "'\nregex = 'abc'\n"]).collect();
    let policy = imported(&rules).policy;
    let names: Vec<&str> = policy.lines().filter_map(|line| line.strip_prefix("  - name: ")).collect();
    let (most, cut) = (format!("gitleaks.{}", "x".repeat(55)), format!("gitleaks.{}-2", "x".repeat(53)));
    assert_eq!(names, ["gitleaks.my-rule", "gitleaks.my-rule-2", "gitleaks.my-rule-3", "gitleaks.rule", &most, &cut]);
}

#[test]
fn a_broken_file_is_told_by_its_line() {
    let said = |toml| gitleaks::read("a.toml", toml).err().map(|complaint| complaint.message).unwrap_or_default();
    assert!(said("[[rules]]\nid = 1\n").starts_with("cannot read a.toml:2: "), "{}", said("[[rules]]\nid = 1\n"));
    assert!(said("\n\n[[rules").starts_with("cannot read a.toml:3: "), "{}", said("\n\n[[rules"));
}
