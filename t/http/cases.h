/* SPDX-License-Identifier: MIT */
/*
 * The case table of the HTTP engine: bytes in, and what must come of them.
 *
 * Each row is used several times: t/unit/http_request.c parses it whole and cut
 * at every byte, t/unit/http_server.c sends it to a server and looks at the
 * answer and at the connection, t/90-slow/strictness.t sends it to servers that
 * are not ours.  Systematic cases (each byte value in each place) are made in
 * http_request.c.
 *
 * The last column is the RFC and its section, and what it demands of every
 * server, if it says MUST:
 *     MUST take     the request is not refused for what it is
 *     MUST refuse   400, or another refusal
 *     MUST close    the connection is not used again, whatever the answer
 *     MUST 304      this status, of a server with the document as a file
 * "either refuse or repair" is a MUST only when both lead to the same.  Without
 * MUST, the row is what the section recommends, or a text that its grammar does
 * not know, which a recipient may repair (RFC 9110 section 2.4).  An empty
 * column: a choice of ours; src/http/request.c says why.
 */
#ifndef T_HTTP_CASES_H
#define T_HTTP_CASES_H

#include <stdbool.h>
#include <stddef.h>

enum fate {
	KEEP,  /* the next request on this connection is answered */
	CLOSE, /* one answer with Connection: close, then the end */
	WAIT,  /* no answer: the request is not complete */
};

struct http_case {
	const char *name;
	const char *bytes;
	size_t len;
	unsigned parse;  /* refused by the parser with this status, or 0 */
	unsigned status; /* of the answer */
	enum fate fate;
	const char *clause;
};

#define HOST "Host: a\r\n"
#define GET_LINE "GET /doc HTTP/1.1\r\n"
/* The parser takes it; the answer is that. */
#define TAKE(name, bytes, status, fate, clause)                         \
	{                                                               \
		name, bytes, sizeof(bytes) - 1, 0, status, fate, clause \
	}
/* The parser refuses it, and the connection is not used again. */
#define BAD(name, bytes, status, clause)                                      \
	{                                                                     \
		name, bytes, sizeof(bytes) - 1, status, status, CLOSE, clause \
	}
#define MORE(name, bytes, clause)                                  \
	{                                                          \
		name, bytes, sizeof(bytes) - 1, 0, 0, WAIT, clause \
	}
/* A GET with these further field lines. */
#define TAKE_FIELD(name, lines, status, fate, clause) \
	TAKE(name, GET_LINE HOST lines "\r\n", status, fate, clause)
#define BAD_FIELD(name, lines, status, clause) \
	BAD(name, GET_LINE HOST lines "\r\n", status, clause)
#define TAKE_TARGET(name, target, status, clause)                           \
	TAKE(name, "GET " target " HTTP/1.1\r\n" HOST "\r\n", status, KEEP, \
		clause)
#define BAD_TARGET(name, target, clause) \
	BAD(name, "GET " target " HTTP/1.1\r\n" HOST "\r\n", 400, clause)
#define BAD_HOST(name, value, clause) \
	BAD(name, GET_LINE "Host:" value "\r\n\r\n", 400, clause)
#define TAKE_HOST(name, value, clause) \
	TAKE(name, GET_LINE "Host:" value "\r\n\r\n", 200, KEEP, clause)
#define TAKE_METHOD(method, status)                                     \
	TAKE("method-" method, method " /doc HTTP/1.1\r\n" HOST "\r\n", \
		status, KEEP, "9110 9.1")
#define BAD_VERSION(name, version, status) \
	BAD(name, "GET /doc " version "\r\n" HOST "\r\n", status, "9112 2.3")
/* A spelling of Transfer-Encoding, alone and with Content-Length, before and
 * after it, as GET and as POST. */
#define BAD_CODING(name, line, status, clause, with_length)       \
	BAD_FIELD("te-" name, line "\r\n", status, clause),       \
		BAD_FIELD("te-" name "-then-cl",                  \
			line "\r\nContent-Length: 4\r\n", status, \
			with_length),                             \
		BAD_FIELD("cl-then-te-" name,                     \
			"Content-Length: 4\r\n" line "\r\n", 400, \
			with_length),                             \
		BAD("te-" name "-post",                           \
			"POST /doc HTTP/1.1\r\n" HOST line        \
			"\r\n\r\n0\r\n\r\n",                      \
			status, clause)
/* One that says chunked: content is announced, which a GET may not have. */
#define TAKE_CODING(name, line, clause)                           \
	TAKE_FIELD("te-" name, line "\r\n", 400, CLOSE, ""),      \
		BAD_FIELD("te-" name "-then-cl",                  \
			line "\r\nContent-Length: 4\r\n", 400,    \
			"9112 6.1 MUST close"),                   \
		BAD_FIELD("cl-then-te-" name,                     \
			"Content-Length: 4\r\n" line "\r\n", 400, \
			"9112 6.1 MUST close"),                   \
		TAKE("te-" name "-post",                          \
			"POST /doc HTTP/1.1\r\n" HOST line        \
			"\r\n\r\n0\r\n\r\n",                      \
			405, CLOSE, clause)

/* clang-format off */
static const struct http_case HTTP_CASES[] = {
	/* ---- plain requests ---- */
	TAKE("get", GET_LINE HOST "\r\n", 200, KEEP, "9110 9.1 MUST take"),
	TAKE("head", "HEAD /doc HTTP/1.1\r\n" HOST "\r\n", 200, KEEP, "9110 9.1 MUST take"),
	TAKE("options", "OPTIONS /doc HTTP/1.1\r\n" HOST "\r\n", 204, KEEP, "9110 9.3.7"),
	TAKE("options-asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 204, KEEP, "9112 3.2.4"),
	TAKE("options-unknown-path", "OPTIONS /none HTTP/1.1\r\n" HOST "\r\n", 404, KEEP, ""),
	TAKE("get-unknown-path", "GET /none HTTP/1.1\r\n" HOST "\r\n", 404, KEEP, "9110 15.5.5"),
	TAKE("http-1.0", "GET /doc HTTP/1.0\r\n\r\n", 200, CLOSE, "9112 9.3"),
	TAKE("http-1.0-keep-alive", "GET /doc HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, KEEP, ""),
	TAKE("http-1.0-keep-alive-close", "GET /doc HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", 200, CLOSE, "9112 9.6 MUST close"),
	TAKE("http-1.0-host", "GET /doc HTTP/1.0\r\n" HOST "\r\n", 200, CLOSE, "9112 3.2"),
	TAKE("http-1.2", "GET /doc HTTP/1.2\r\n" HOST "\r\n", 200, KEEP, "9110 2.5"),
	TAKE("http-1.9", "GET /doc HTTP/1.9\r\n" HOST "\r\n", 200, KEEP, "9110 2.5"),
	TAKE("empty-line-before", "\r\n" GET_LINE HOST "\r\n", 200, KEEP, "9112 2.2"),
	TAKE_FIELD("connection-close", "Connection: close\r\n", 200, CLOSE, "9112 9.6 MUST close"),
	TAKE_FIELD("connection-CLOSE", "connection:\t CLOSE \t\r\n", 200, CLOSE, "9112 9.6 MUST close"),
	TAKE_FIELD("connection-empty-members", "Connection: , ,close,\r\n", 200, CLOSE, "9110 5.6.1 MUST close"),
	TAKE_FIELD("connection-list", "Connection: te,close , foo\r\n", 200, CLOSE, "9110 5.6.1 MUST close"),
	TAKE_FIELD("connection-lines", "Connection: te\r\nConnection: close\r\n", 200, CLOSE, "9110 5.3 MUST close"),
	TAKE_FIELD("connection-keep-alive-close", "Connection: keep-alive, close\r\n", 200, CLOSE, "9112 9.6 MUST close"),
	TAKE_FIELD("connection-closed", "Connection: closed\r\n", 200, KEEP, "9110 7.6.1"),
	TAKE_FIELD("connection-empty", "Connection:\r\n", 200, KEEP, "9110 5.6.1"),
	TAKE_FIELD("connection-host", "Connection: host\r\n", 200, KEEP, ""),
	TAKE_FIELD("upgrade-ignored", "Connection: upgrade\r\nUpgrade: h2c\r\n", 200, KEEP, "9110 7.8"),
	TAKE_FIELD("websocket-ignored", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", 200, KEEP, "9110 7.8"),
	TAKE_FIELD("range-ignored", "Range: bytes=0-1\r\n", 200, KEEP, ""),
	TAKE_FIELD("unknown-field", "X-Anything: at all\r\n", 200, KEEP, "9110 5.1"),
	TAKE_FIELD("field-repeated", "X-A: 1\r\nX-A: 2\r\n", 200, KEEP, "9110 5.3"),
	TAKE_FIELD("field-without-value", "X-A:\r\n", 200, KEEP, "9112 5"),
	TAKE_FIELD("field-of-blanks", "X-A: \t \r\n", 200, KEEP, "9112 5"),
	TAKE_FIELD("field-no-ows", "X-A:b\r\n", 200, KEEP, "9112 5"),
	TAKE_FIELD("field-obs-text", "X-A: \x80\xff\r\n", 200, KEEP, "9110 5.5"),
	TAKE_FIELD("field-inner-tab", "X-A: a\tb\tc\td\te\tf\tg\th\r\n", 200, KEEP, "9110 5.5"),
	TAKE_FIELD("field-all-visible", "X-A: !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\r\n", 200, KEEP, "9110 5.5"),
	TAKE_FIELD("name-all-tchar", "!#$%&'*+-.^_`|~09AZaz: b\r\n", 200, KEEP, "9110 5.6.2"),
	TAKE_FIELD("name-of-one", "x: b\r\n", 200, KEEP, "9110 5.1"),
	TAKE_FIELD("quoted-crlf-words", "X-A: \"\\r\\n\"\r\n", 200, KEEP, "9110 5.5"),
	TAKE_FIELD("cookie", "Cookie: a=b; c=\"d\"\r\n", 200, KEEP, "9110 5.5"),
	TAKE_FIELD("authorization", "Authorization: Bearer e30.e30.\r\n", 200, KEEP, "9110 11.6.2"),

	/* ---- not complete ---- */
	MORE("nothing", "", "9112 2.2"),
	MORE("part-of-method", "GE", "9112 2.2"),
	MORE("method", "GET ", "9112 2.2"),
	MORE("part-of-target", "GET /do", "9112 2.2"),
	MORE("target", "GET /doc ", "9112 2.2"),
	MORE("part-of-percent", "GET /%4", "9112 2.2"),
	MORE("part-of-version", "GET /doc HTTP/1", "9112 2.2"),
	MORE("version", "GET /doc HTTP/1.1", "9112 2.2"),
	MORE("version-cr", "GET /doc HTTP/1.1\r", "9112 2.2"),
	MORE("request-line", GET_LINE, "9112 2.2"),
	MORE("part-of-name", GET_LINE "Ho", "9112 2.2"),
	MORE("name", GET_LINE "Host", "9112 2.2"),
	MORE("colon", GET_LINE "Host:", "9112 2.2"),
	MORE("part-of-value", GET_LINE "Host: a", "9112 2.2"),
	MORE("value-cr", GET_LINE "Host: a\r", "9112 2.2"),
	MORE("field", GET_LINE HOST, "9112 2.2"),
	MORE("field-cr", GET_LINE HOST "\r", "9112 2.2"),
	MORE("cr", "\r", "9112 2.2"),
	MORE("crlf", "\r\n", "9112 2.2"),
	MORE("only-http-1.0-line", "GET /doc HTTP/1.0\r\n", "9112 2.2"),

	/* ---- request line ---- */
	BAD("two-empty-lines-before", "\r\n\r\n" GET_LINE HOST "\r\n", 400, ""),
	BAD("lf-before", "\n" GET_LINE HOST "\r\n", 400, ""),
	BAD("cr-before", "\rGET /doc HTTP/1.1\r\n" HOST "\r\n", 400, "9112 2.2"),
	BAD("space-before", " " GET_LINE HOST "\r\n", 400, "9112 3"),
	BAD("tab-before", "\t" GET_LINE HOST "\r\n", 400, "9112 3"),
	BAD("nul-before", "\0" GET_LINE HOST "\r\n", 400, "9112 3"),
	BAD("bom-before", "\xef\xbb\xbf" GET_LINE HOST "\r\n", 400, "9112 3"),
	BAD("tls-client-hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "9112 3"),
	BAD("sslv2-hello", "\x80\x2e\x01\x00\x02", 400, "9112 3"),
	BAD("proxy-protocol-2", "\r\n\r\n\0\r\nQUIT\n", 400, "9112 3"),
	BAD("proxy-protocol-1", "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" GET_LINE HOST "\r\n", 400, "9112 3"),
	BAD("two-spaces-after-method", "GET  /doc HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3"),
	BAD("tab-after-method", "GET\t/doc HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3"),
	BAD("two-spaces-after-target", "GET /doc  HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3"),
	BAD("tab-after-target", "GET /doc\tHTTP/1.1\r\n" HOST "\r\n", 400, "9112 3"),
	BAD("space-after-version", "GET /doc HTTP/1.1 \r\n" HOST "\r\n", 400, "9112 3"),
	BAD("space-in-target", "GET /d oc HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3.2"),
	BAD("no-target", "GET HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3"),
	BAD("http-0.9", "GET /doc\r\n", 400, "9112 3"),
	BAD("http-0.9-lf", "GET /doc\n", 400, "9112 3"),
	BAD("lf-after-line", "GET /doc HTTP/1.1\n" HOST "\r\n", 400, ""),
	BAD("cr-after-line", "GET /doc HTTP/1.1\rHost: a\r\n\r\n", 400, "9112 2.2"),
	BAD("cr-cr-lf-after-line", "GET /doc HTTP/1.1\r\r\n" HOST "\r\n", 400, "9112 2.2"),
	BAD("empty-method", " /doc HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3.1"),
	BAD("method-with-paren", "G(T /doc HTTP/1.1\r\n" HOST "\r\n", 400, "9110 9.1"),
	BAD("method-with-nul", "G\0T /doc HTTP/1.1\r\n" HOST "\r\n", 400, "9110 9.1"),
	BAD("method-with-obs-text", "G\xc9T /doc HTTP/1.1\r\n" HOST "\r\n", 400, "9110 9.1"),
	BAD("method-with-colon", "GET: /doc HTTP/1.1\r\n" HOST "\r\n", 400, "9110 9.1"),
	BAD("method-endless", "GETGETGETGETGETGETGETGETGETGETGET", 501, ""),
	BAD("field-as-request-line", "Host: a\r\n\r\n", 400, "9112 3"),
	BAD("response-as-request", "HTTP/1.1 200 OK\r\n\r\n", 400, "9112 3"),
	BAD("json-as-request", "{\"a\": 1}\r\n\r\n", 400, "9112 3"),
	BAD("chunk-as-request", "0\r\n\r\n", 400, "9112 3"),

	/* ---- methods ---- */
	TAKE_METHOD("POST", 405), TAKE_METHOD("PUT", 405),
	TAKE_METHOD("DELETE", 405), TAKE_METHOD("PATCH", 405),
	TAKE_METHOD("TRACE", 405), TAKE_METHOD("PROPFIND", 405),
	TAKE_METHOD("MKCOL", 405), TAKE_METHOD("QUERY", 405),
	TAKE_METHOD("ACL", 405), TAKE_METHOD("VERSION-CONTROL", 405),
	TAKE_METHOD("UPDATEREDIRECTREF", 405), TAKE_METHOD("PRI", 405),
	TAKE_METHOD("get", 501), TAKE_METHOD("Get", 501),
	TAKE_METHOD("GETS", 501), TAKE_METHOD("GE", 501),
	TAKE_METHOD("HEADS", 501), TAKE_METHOD("OPTION", 501),
	TAKE_METHOD("FOO", 501), TAKE_METHOD("!#$%&'*+-.^_`|~", 501),
	TAKE_METHOD("HTTP", 501), TAKE_METHOD("DEBUG", 501),
	TAKE("post-unknown-path", "POST /none HTTP/1.1\r\n" HOST "\r\n", 404, KEEP, ""),
	TAKE("foo-unknown-path", "FOO /none HTTP/1.1\r\n" HOST "\r\n", 501, KEEP, "9110 9.1"),
	TAKE("connect", "CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", 405, CLOSE, ""),
	TAKE("connect-ipv6", "CONNECT [::1]:443 HTTP/1.1\r\n" HOST "\r\n", 405, CLOSE, ""),
	BAD("connect-without-port", "CONNECT a HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3.2.3"),
	BAD("connect-empty-port", "CONNECT a: HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3.2.3"),
	BAD("connect-path", "CONNECT /doc HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3.2.3"),
	BAD("connect-url", "CONNECT http://a/ HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3.2.3"),
	BAD("connect-asterisk", "CONNECT * HTTP/1.1\r\n" HOST "\r\n", 400, "9112 3.2.3"),
	BAD("http-2-preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, ""),

	/* ---- targets ---- */
	TAKE_TARGET("target-root", "/", 404, "9112 3.2.1"),
	TAKE_TARGET("target-query", "/doc?a=b&c=/?:@", 200, "9112 3.2.1"),
	TAKE_TARGET("target-empty-query", "/doc?", 200, "3986 3.4"),
	TAKE_TARGET("target-percent", "/d%6Fc", 404, "3986 2.1"),
	TAKE_TARGET("target-percent-nul", "/doc%00", 404, "3986 2.1"),
	TAKE_TARGET("target-percent-slash", "/%2e%2e%2fdoc", 404, "3986 2.1"),
	TAKE_TARGET("target-dots", "/../doc", 404, ""),
	TAKE_TARGET("target-dot", "/./doc", 404, ""),
	TAKE_TARGET("target-slashes", "//doc", 404, "9112 3.2.1"),
	TAKE_TARGET("target-trailing-slash", "/doc/", 404, ""),
	TAKE_TARGET("target-case", "/DOC", 404, "9110 4.2.3"),
	TAKE_TARGET("target-parameter", "/doc;x", 404, "3986 3.3"),
	TAKE_TARGET("target-all-pchar", "/-._~!$&'()*+,;=:@0Zz", 404, "3986 3.3"),
	TAKE_TARGET("target-overlong-utf8", "/%c0%af", 404, ""),
	TAKE_TARGET("target-absolute", "http://a/doc", 200, "9112 3.2.2 MUST take"),
	TAKE_TARGET("target-absolute-https", "https://a/doc", 200, ""),
	TAKE_TARGET("target-absolute-case", "HtTp://A/doc", 200, "9112 3.2.2 MUST take"),
	TAKE_TARGET("target-absolute-port", "http://a:8080/doc?x", 200, "9112 3.2.2 MUST take"),
	TAKE_TARGET("target-absolute-empty-port", "http://a:/doc", 200, "9112 3.2.2 MUST take"),
	TAKE_TARGET("target-absolute-ipv6", "http://[2001:db8::1]:80/doc", 200, "9112 3.2.2 MUST take"),
	TAKE_TARGET("target-absolute-no-path", "http://a", 404, "9112 3.2.2 MUST take"),
	TAKE_TARGET("target-absolute-only-query", "http://a?x", 404, "9112 3.2.2 MUST take"),
	TAKE_TARGET("target-absolute-other-host", "http://b/doc", 200, "9112 3.2.2 MUST take"),
	TAKE("options-absolute-no-path", "OPTIONS http://a HTTP/1.1\r\n" HOST "\r\n", 204, KEEP, "9112 3.2.4"),
	BAD("absolute-without-host-field", "GET http://a/doc HTTP/1.1\r\n\r\n", 400, "9112 3.2 MUST refuse"),
	BAD("absolute-bad-host-field", "GET http://a/doc HTTP/1.1\r\nHost: b c\r\n\r\n", 400, "9112 3.2 MUST refuse"),
	TAKE("absolute-http-1.0", "GET http://a/doc HTTP/1.0\r\n\r\n", 200, CLOSE, "9112 3.2.2 MUST take"),
	BAD_TARGET("target-asterisk", "*", "9112 3.2.4"),
	BAD_TARGET("target-asterisk-more", "*x", "9112 3.2"),
	BAD_TARGET("target-relative", "doc", "9112 3.2"),
	BAD_TARGET("target-dot-relative", "../doc", "9112 3.2"),
	BAD_TARGET("target-authority", "a:80", "9112 3.2.3"),
	BAD_TARGET("target-query-only", "?x", "9112 3.2"),
	BAD_TARGET("target-fragment", "/doc#x", "9112 3.2"),
	BAD_TARGET("target-fragment-in-query", "/doc?a#x", "9112 3.2"),
	BAD_TARGET("target-backslash", "/\\doc", "3986 3.3"),
	BAD_TARGET("target-quote", "/\"doc", "3986 3.3"),
	BAD_TARGET("target-less", "/<doc", "3986 3.3"),
	BAD_TARGET("target-brace", "/{doc}", "3986 3.3"),
	BAD_TARGET("target-pipe", "/d|c", "3986 3.3"),
	BAD_TARGET("target-caret", "/d^c", "3986 3.3"),
	BAD_TARGET("target-backtick", "/d`c", "3986 3.3"),
	BAD_TARGET("target-bracket", "/d[c]", "3986 3.3"),
	BAD_TARGET("target-bracket-query", "/doc?a[]=1", "3986 3.4"),
	BAD_TARGET("target-nul", "/d\0c", "9112 3.2"),
	BAD_TARGET("target-del", "/d\x7f" "c", "9112 3.2"),
	BAD_TARGET("target-control", "/d\x01" "c", "9112 3.2"),
	BAD_TARGET("target-utf8", "/d\xc3\xb6" "c", "9112 3.2"),
	BAD_TARGET("target-obs-text", "/d\xff", "9112 3.2"),
	BAD_TARGET("target-cr", "/d\rc", "9112 2.2"),
	BAD_TARGET("target-lf", "/d\nc", "9112 2.2"),
	BAD_TARGET("target-percent-bad", "/%zz", "3986 2.1"),
	BAD_TARGET("target-percent-half", "/%4 ", "3986 2.1"),
	BAD_TARGET("target-percent-end", "/%", "3986 2.1"),
	BAD_TARGET("target-percent-percent", "/%%41", "3986 2.1"),
	BAD_TARGET("target-percent-u", "/%u0041", "3986 2.1"),
	BAD_TARGET("target-query-percent", "/doc?%4x", "3986 2.1"),
	BAD_TARGET("target-ftp", "ftp://a/doc", "9110 4.2"),
	BAD_TARGET("target-file", "file:///etc/passwd", "9110 4.2"),
	BAD_TARGET("target-ws", "ws://a/doc", "9110 4.2"),
	BAD_TARGET("target-absolute-no-host", "http:///doc", "9110 4.2.1 MUST refuse"),
	BAD_TARGET("target-absolute-no-host-port", "http://:80/doc", "9110 4.2.1 MUST refuse"),
	BAD_TARGET("target-absolute-one-slash", "http:/a/doc", "9110 4.2.1"),
	BAD_TARGET("target-absolute-empty", "http://", "9110 4.2.1 MUST refuse"),
	BAD_TARGET("target-absolute-userinfo", "http://u@a/doc", "9110 4.2.4"),
	BAD_TARGET("target-absolute-password", "http://u:p@a/doc", "9110 4.2.4"),
	TAKE_TARGET("target-absolute-at", "http://a/@b:c@d", 404, "3986 3.3"),
	BAD_TARGET("target-absolute-bad-port", "http://a:8x/doc", "3986 3.2.3"),
	BAD_TARGET("target-absolute-big-port", "http://a:65536/doc", ""),
	BAD_TARGET("target-absolute-backslash", "http://a\\b/doc", "3986 3.2.2"),
	BAD_TARGET("target-absolute-bad-ipv6", "http://[::1/doc", "3986 3.2.2"),
	BAD_TARGET("target-absolute-fragment", "http://a/doc#x", "9112 3.2.2"),

	/* ---- version ---- */
	BAD_VERSION("version-2.0", "HTTP/2.0", 505), BAD_VERSION("version-0.9", "HTTP/0.9", 505),
	BAD_VERSION("version-3.0", "HTTP/3.0", 505), BAD_VERSION("version-9.9", "HTTP/9.9", 505),
	BAD_VERSION("version-lower-case", "http/1.1", 400), BAD_VERSION("version-mixed-case", "Http/1.1", 400),
	BAD_VERSION("version-01.1", "HTTP/01.1", 400), BAD_VERSION("version-1.01", "HTTP/1.01", 400),
	BAD_VERSION("version-1.10", "HTTP/1.10", 400), BAD_VERSION("version-11.1", "HTTP/11.1", 400),
	BAD_VERSION("version-1", "HTTP/1", 400), BAD_VERSION("version-1.", "HTTP/1.", 400),
	BAD_VERSION("version-.1", "HTTP/.1", 400), BAD_VERSION("version-comma", "HTTP/1,1", 400),
	BAD_VERSION("version-spaces", "HTTP/ 1.1", 400), BAD_VERSION("version-letters", "HTTP/a.b", 400),
	BAD_VERSION("version-sign", "HTTP/+1.1", 400), BAD_VERSION("version-minus", "HTTP/1.-1", 400),
	BAD_VERSION("version-no-slash", "HTTP1.1", 400), BAD_VERSION("version-https", "HTTPS/1.1", 400),
	BAD_VERSION("version-icy", "ICY/1.1", 400), BAD_VERSION("version-empty", "", 400),
	BAD_VERSION("version-backslash", "HTTP\\1.1", 400), BAD_VERSION("version-nul", "HTTP/1.1\0", 400),
	BAD_VERSION("version-1.1.1", "HTTP/1.1.1", 400), BAD_VERSION("version-twice", "HTTP/1.1 HTTP/1.1", 400),

	/* ---- field lines ---- */
	BAD_FIELD("space-before-colon", "X-A : b\r\n", 400, "9112 5.1 MUST refuse"),
	BAD_FIELD("tab-before-colon", "X-A\t: b\r\n", 400, "9112 5.1 MUST refuse"),
	BAD("space-before-host-colon", GET_LINE "Host : a\r\n\r\n", 400, "9112 5.1 MUST refuse"),
	BAD_FIELD("obs-fold-space", "X-A: b\r\n c\r\n", 400, "9112 5.2"),
	BAD_FIELD("obs-fold-tab", "X-A: b\r\n\tc\r\n", 400, "9112 5.2"),
	BAD_FIELD("obs-fold-empty", "X-A: b\r\n \r\n", 400, "9112 5.2"),
	BAD_FIELD("obs-fold-name", "X-A\r\n : b\r\n", 400, "9112 5.2"),
	BAD("obs-fold-host", GET_LINE "Host: a\r\n .b\r\n\r\n", 400, "9112 5.2 MUST refuse"),
	BAD("space-first-field", GET_LINE " " HOST "\r\n", 400, "9112 2.2 MUST refuse"),
	BAD("tab-first-field", GET_LINE "\t" HOST "\r\n", 400, "9112 2.2 MUST refuse"),
	BAD("space-line-first", GET_LINE " \r\n" HOST "\r\n", 400, "9112 2.2"),
	BAD_FIELD("no-colon", "X-A b\r\n", 400, "9112 5"),
	BAD_FIELD("only-name", "X-A\r\n", 400, "9112 5"),
	BAD_FIELD("empty-name", ": b\r\n", 400, "9112 5"),
	BAD_FIELD("only-colon", ":\r\n", 400, "9112 5"),
	BAD_FIELD("name-with-space", "X A: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-at", "X@A: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-paren", "X(A): b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-slash", "X/A: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-brackets", "X[A]: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-quote", "\"X-A\": b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-comma", "X,A: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-semicolon", "X;A: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-equals", "X=A: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-nul", "X\0A: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-obs-text", "X\xe9: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("name-with-del", "X\x7f: b\r\n", 400, "9110 5.1"),
	BAD_FIELD("value-with-nul", "X-A: b\0c\r\n", 400, "9110 5.5"),
	BAD_FIELD("value-with-cr", "X-A: b\rc\r\n", 400, "9112 2.2"),
	BAD_FIELD("value-with-cr-first", "X-A:\rb\r\n", 400, "9112 2.2"),
	BAD_FIELD("value-with-lf", "X-A: b\nc\r\n", 400, "9110 5.5"),
	BAD_FIELD("value-with-escape", "X-A: b\x1b[0m\r\n", 400, "9110 5.5"),
	BAD_FIELD("value-with-del", "X-A: b\x7f\r\n", 400, "9110 5.5"),
	BAD_FIELD("value-with-backspace", "X-A: b\b\r\n", 400, "9110 5.5"),
	BAD_FIELD("value-with-vt", "X-A:\x0b" "b\r\n", 400, "9110 5.5"),
	BAD_FIELD("value-with-ff", "X-A: b\x0c\r\n", 400, "9110 5.5"),
	BAD_FIELD("lf-only-line", "X-A: b\n", 400, ""),
	BAD_FIELD("lf-cr", "X-A: b\n\r", 400, ""),
	BAD_FIELD("cr-cr-lf", "X-A: b\r\r\n", 400, "9112 2.2"),
	BAD("lf-at-end", GET_LINE HOST "\n", 400, ""),
	BAD("cr-cr-lf-at-end", GET_LINE HOST "\r\r\n", 400, "9112 2.2"),
	BAD("cr-other-at-end", GET_LINE HOST "\rX", 400, "9112 2.2"),
	BAD("lf-everywhere", "GET /doc HTTP/1.1\nHost: a\n\n", 400, ""),
	BAD("cr-everywhere", "GET /doc HTTP/1.1\rHost: a\r\r", 400, "9112 2.2"),
	BAD("hidden-request", GET_LINE HOST "X-A: b\n\nGET /doc HTTP/1.1\r\n" HOST "\r\n", 400, ""),

	/* ---- Host ---- */
	TAKE_HOST("host-name", " oidc.example.com", "9110 7.2"),
	TAKE_HOST("host-no-ows", "a", "9110 7.2"),
	TAKE_HOST("host-ows", " \t a\t ", "9110 7.2"),
	TAKE_HOST("host-port", " a:8080", "9110 7.2"),
	TAKE_HOST("host-empty-port", " a:", "3986 3.2.3"),
	TAKE_HOST("host-port-0", " a:0", "3986 3.2.3"),
	TAKE_HOST("host-port-max", " a:65535", "3986 3.2.3"),
	TAKE_HOST("host-upper-case", " OIDC.Example.COM", "9110 4.2.3"),
	TAKE_HOST("host-underscore", " a_b", "3986 3.2.2"),
	TAKE_HOST("host-trailing-dot", " a.", "3986 3.2.2"),
	TAKE_HOST("host-ipv4", " 192.0.2.1", "3986 3.2.2"),
	TAKE_HOST("host-ipv6", " [2001:db8::1]", "3986 3.2.2"),
	TAKE_HOST("host-ipv6-port", " [::1]:8080", "3986 3.2.2"),
	TAKE_HOST("host-ipv4-in-ipv6", " [::ffff:192.0.2.1]", "3986 3.2.2"),
	BAD("host-missing", GET_LINE "\r\n", 400, "9112 3.2 MUST refuse"),
	BAD("host-missing-others", GET_LINE "X-A: b\r\n\r\n", 400, "9112 3.2 MUST refuse"),
	BAD("host-missing-head", "HEAD /doc HTTP/1.1\r\n\r\n", 400, "9112 3.2 MUST refuse"),
	BAD("host-missing-options", "OPTIONS * HTTP/1.1\r\n\r\n", 400, "9112 3.2 MUST refuse"),
	BAD("host-missing-1.2", "GET /doc HTTP/1.2\r\n\r\n", 400, "9112 3.2"),
	BAD("host-twice", GET_LINE HOST "Host: b\r\n\r\n", 400, "9112 3.2 MUST refuse"),
	BAD("host-twice-same", GET_LINE HOST HOST "\r\n", 400, "9112 3.2 MUST refuse"),
	BAD("host-twice-case", GET_LINE HOST "hOST: a\r\n\r\n", 400, "9112 3.2 MUST refuse"),
	BAD("host-twice-1.0", "GET /doc HTTP/1.0\r\n" HOST HOST "\r\n", 400, "9112 3.2 MUST refuse"),
	BAD("host-twice-apart", GET_LINE HOST "X-A: b\r\n" HOST "\r\n", 400, "9112 3.2 MUST refuse"),
	BAD_HOST("host-empty", "", "9112 3.2"),
	BAD_HOST("host-blank", " \t ", "9112 3.2"),
	BAD_HOST("host-comma", " a,b", ""),
	BAD_HOST("host-comma-space", " a, b", "9112 3.2 MUST refuse"),
	BAD_HOST("host-comma-same", " a, a", "9112 3.2 MUST refuse"),
	BAD_HOST("host-space", " a b", "9112 3.2 MUST refuse"),
	BAD_HOST("host-tab", " a\tb", "9112 3.2 MUST refuse"),
	BAD_HOST("host-path", " a/doc", "9112 3.2 MUST refuse"),
	BAD_HOST("host-slash", " a/", "9112 3.2 MUST refuse"),
	BAD_HOST("host-query", " a?b", "9112 3.2 MUST refuse"),
	BAD_HOST("host-fragment", " a#b", "9112 3.2 MUST refuse"),
	BAD_HOST("host-userinfo", " u@a", "9112 3.2 MUST refuse"),
	BAD_HOST("host-password", " u:p@a", "9112 3.2 MUST refuse"),
	BAD_HOST("host-at", " @a", "9112 3.2 MUST refuse"),
	BAD_HOST("host-url", " http://a", "9112 3.2 MUST refuse"),
	BAD_HOST("host-scheme-relative", " //a", "9112 3.2 MUST refuse"),
	BAD_HOST("host-backslash", " a\\b", "9112 3.2 MUST refuse"),
	BAD_HOST("host-quote", " \"a\"", "9112 3.2 MUST refuse"),
	BAD_HOST("host-less", " <a>", "9112 3.2 MUST refuse"),
	BAD_HOST("host-semicolon", " a;b", ""),
	BAD_HOST("host-percent", " a%2eb", ""),
	BAD_HOST("host-bang", " a!", ""),
	BAD_HOST("host-asterisk", " *", ""),
	BAD_HOST("host-equals", " a=b", ""),
	BAD_HOST("host-obs-text", " \xc3\xb6.example", "9112 3.2 MUST refuse"),
	BAD_HOST("host-nul", " a\0b", "9112 3.2 MUST refuse"),
	BAD_HOST("host-nul-end", " a\0", "9112 3.2 MUST refuse"),
	BAD_HOST("host-only-port", " :80", "9112 3.2"),
	BAD_HOST("host-only-colon", " :", "9112 3.2"),
	BAD_HOST("host-two-ports", " a:80:81", "9112 3.2 MUST refuse"),
	BAD_HOST("host-port-letters", " a:http", "9112 3.2 MUST refuse"),
	BAD_HOST("host-port-hex", " a:0x50", "9112 3.2 MUST refuse"),
	BAD_HOST("host-port-sign", " a:+80", "9112 3.2 MUST refuse"),
	BAD_HOST("host-port-minus", " a:-80", "9112 3.2 MUST refuse"),
	BAD_HOST("host-port-space", " a: 80", "9112 3.2 MUST refuse"),
	BAD_HOST("host-port-65536", " a:65536", ""),
	BAD_HOST("host-port-long", " a:000080", ""),
	BAD_HOST("host-ipv6-bare", " ::1", "9112 3.2 MUST refuse"),
	BAD_HOST("host-ipv6-open", " [::1", "9112 3.2 MUST refuse"),
	BAD_HOST("host-ipv6-close", " ::1]", "9112 3.2 MUST refuse"),
	BAD_HOST("host-ipv6-empty", " []", "9112 3.2 MUST refuse"),
	BAD_HOST("host-ipv6-bad", " [::g]", "9112 3.2 MUST refuse"),
	BAD_HOST("host-ipv6-long", " [1:2:3:4:5:6:7:8:9]", "9112 3.2 MUST refuse"),
	BAD_HOST("host-ipv6-zone", " [fe80::1%25eth0]", ""),
	BAD_HOST("host-ipv6-then", " [::1]a", "9112 3.2 MUST refuse"),
	BAD_HOST("host-ipvfuture", " [v1.a]", ""),
	BAD_HOST("host-brackets-name", " [a]", "9112 3.2 MUST refuse"),

	/* ---- Content-Length ---- */
	TAKE_FIELD("cl-0", "Content-Length: 0\r\n", 200, KEEP, "9112 6.2"),
	TAKE_FIELD("cl-00", "Content-Length: 00\r\n", 200, KEEP, "9110 8.6"),
	TAKE("cl-0-post", "POST /doc HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 405, KEEP, "9112 6.2"),
	TAKE("cl-0-options", "OPTIONS /doc HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 204, KEEP, "9112 6.2"),
	TAKE_FIELD("cl-get", "Content-Length: 5\r\n", 400, CLOSE, ""),
	TAKE_FIELD("cl-get-zeros", "Content-Length: 005\r\n", 400, CLOSE, ""),
	TAKE_FIELD("cl-get-64-bit", "Content-Length: 9223372036854775807\r\n", 400, CLOSE, ""),
	TAKE("cl-head", "HEAD /doc HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 400, CLOSE, ""),
	TAKE("cl-options", "OPTIONS /doc HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 400, CLOSE, ""),
	TAKE("cl-get-content", GET_LINE HOST "Content-Length: 34\r\n\r\nGET /doc HTTP/1.1\r\nHost: smuggled\r\n\r\n", 400, CLOSE, ""),
	TAKE("cl-post", "POST /doc HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 405, CLOSE, ""),
	TAKE("cl-post-missing-content", "POST /doc HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 405, CLOSE, ""),
	TAKE("cl-post-unknown-path", "POST /none HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 404, CLOSE, ""),
	TAKE("cl-unknown-method", "FOO /doc HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 501, CLOSE, ""),
	TAKE("cl-post-1.0", "POST /doc HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", 405, CLOSE, ""),
	BAD_FIELD("cl-empty", "Content-Length:\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-blank", "Content-Length: \t\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-plus", "Content-Length: +0\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-minus", "Content-Length: -0\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-minus-1", "Content-Length: -1\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-hex", "Content-Length: 0x0\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-octal", "Content-Length: 0o5\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-exponent", "Content-Length: 1e1\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-point", "Content-Length: 0.0\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-letters", "Content-Length: zero\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-space-inside", "Content-Length: 0 0\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-digits-letters", "Content-Length: 5a\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-underscore", "Content-Length: 1_0\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-quoted", "Content-Length: \"5\"\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-semicolon", "Content-Length: 0;\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-list-same", "Content-Length: 0, 0\r\n", 400, ""),
	BAD_FIELD("cl-list-differs", "Content-Length: 0, 5\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-list-empty", "Content-Length: 0,\r\n", 400, "9112 6.3"),
	BAD_FIELD("cl-twice-same", "Content-Length: 0\r\nContent-Length: 0\r\n", 400, ""),
	BAD_FIELD("cl-twice-differs", "Content-Length: 0\r\nContent-Length: 5\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-twice-case", "content-length: 5\r\nCONTENT-LENGTH: 0\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-overflow", "Content-Length: 18446744073709551616\r\n", 400, "9110 8.6"),
	BAD_FIELD("cl-huge", "Content-Length: 99999999999999999999999999999999\r\n", 400, "9110 8.6"),
	BAD_FIELD("cl-obs-text", "Content-Length: \xb2\r\n", 400, "9112 6.3 MUST refuse and close"),
	BAD_FIELD("cl-with-underscore", "Content_Length: 5\r\n", 400, ""),
	BAD_FIELD("cl-space-before-colon", "Content-Length : 5\r\n", 400, "9112 5.1 MUST refuse"),
	BAD_FIELD("cl-fold", "Content-Length:\r\n 5\r\n", 400, "9112 5.2"),

	/* ---- Transfer-Encoding ---- */
	TAKE_FIELD("te-chunked-get", "Transfer-Encoding: chunked\r\n", 400, CLOSE, ""),
	TAKE("te-chunked-post", "POST /doc HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 405, CLOSE, ""),
	TAKE("te-chunked-case", "POST /doc HTTP/1.1\r\n" HOST "tRANSFER-eNCODING:\t ChUnKeD \t\r\n\r\n0\r\n\r\n", 405, CLOSE, ""),
	TAKE("te-chunked-hidden-request", "POST /doc HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /doc HTTP/1.1\r\nHost: smuggled\r\n\r\n", 405, CLOSE, ""),
	TAKE("te-chunked-options", "OPTIONS /doc HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, CLOSE, ""),
	BAD("te-1.0", "POST /doc HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "9112 6.1 MUST close"),
	BAD("te-1.0-keep-alive", "GET /doc HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "9112 6.1 MUST close"),
	BAD_FIELD("te-cl", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400, "9112 6.1 MUST close"),
	BAD_FIELD("cl-te", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400, "9112 6.1 MUST close"),
	BAD_FIELD("te-cl-0", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400, "9112 6.1 MUST close"),
	BAD_FIELD("cl-0-te", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", 400, "9112 6.1 MUST close"),
	BAD_FIELD("cl-te-cl", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400, "9112 6.1 MUST close"),
	BAD_CODING("twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400, "9112 6.1", "9112 6.1 MUST close"),
	BAD_CODING("twice-identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("identity-twice", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", 400, "9112 6.1", "9112 6.1 MUST close"),
	BAD_CODING("list-twice", "Transfer-Encoding: chunked, chunked", 400, "9112 6.1", "9112 6.1 MUST close"),
	BAD_CODING("not-last", "Transfer-Encoding: chunked, gzip", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("chunked-identity", "Transfer-Encoding: chunked, identity", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("gzip-chunked", "Transfer-Encoding: gzip, chunked", 501, "9112 6.1", "9112 6.1 MUST close"),
	BAD_CODING("unknown-chunked", "Transfer-Encoding: x-foo,chunked", 501, "9112 6.1", "9112 6.1 MUST close"),
	BAD_CODING("identity-chunked", "Transfer-Encoding: identity, chunked", 501, "9112 6.1", "9112 6.1 MUST close"),
	BAD_CODING("gzip", "Transfer-Encoding: gzip", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("identity", "Transfer-Encoding: identity", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("unknown", "Transfer-Encoding: xchunked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("chunkedx", "Transfer-Encoding: chunkedx", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("chunk", "Transfer-Encoding: chunk", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("cow", "Transfer-Encoding: cow", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("empty", "Transfer-Encoding:", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("blank", "Transfer-Encoding: \t ", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	TAKE_CODING("comma-before", "Transfer-Encoding: , chunked", "9110 5.6.1 MUST take"),
	TAKE_CODING("comma-after", "Transfer-Encoding: chunked,", "9110 5.6.1 MUST take"),
	TAKE_CODING("commas", "Transfer-Encoding: ,\t, chunked ,,", "9110 5.6.1 MUST take"),
	BAD_CODING("comma", "Transfer-Encoding: ,", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("quoted", "Transfer-Encoding: \"chunked\"", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("single-quoted", "Transfer-Encoding: 'chunked'", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("parameter", "Transfer-Encoding: chunked;q=1", 400, "9112 7.1", "9112 7.1"),
	BAD_CODING("semicolon", "Transfer-Encoding: chunked;", 400, "9112 7.1", "9112 7.1"),
	BAD_CODING("space-inside", "Transfer-Encoding: chun ked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("two-words", "Transfer-Encoding: chunked gzip", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("words-then-chunked", "Transfer-Encoding: foo chunked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("colon", "Transfer-Encoding: : chunked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("two-colons", "Transfer-Encoding:: chunked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("equals", "Transfer-Encoding= chunked", 400, "9112 5", "9112 5"),
	BAD_CODING("no-colon", "Transfer-Encoding chunked", 400, "9112 5", "9112 5"),
	BAD_CODING("space-before-colon", "Transfer-Encoding : chunked", 400, "9112 5.1 MUST refuse", "9112 5.1 MUST refuse"),
	BAD_CODING("tab-before-colon", "Transfer-Encoding\t: chunked", 400, "9112 5.1 MUST refuse", "9112 5.1 MUST refuse"),
	BAD_CODING("cr-before-colon", "Transfer-Encoding\r: chunked", 400, "9112 2.2", "9112 2.2"),
	BAD_CODING("lf-before-colon", "Transfer-Encoding\n: chunked", 400, "9112 5", "9112 5"),
	BAD_CODING("nul-before-colon", "Transfer-Encoding\0: chunked", 400, "9110 5.1", "9110 5.1"),
	BAD_CODING("vt-before-colon", "Transfer-Encoding\x0b: chunked", 400, "9110 5.1", "9110 5.1"),
	BAD_CODING("nbsp-before-colon", "Transfer-Encoding\xa0: chunked", 400, "9110 5.1", "9110 5.1"),
	BAD_CODING("space-before", " Transfer-Encoding: chunked", 400, "9112 5.2 MUST refuse", "9112 5.2 MUST refuse"),
	BAD_CODING("tab-before", "\tTransfer-Encoding: chunked", 400, "9112 5.2 MUST refuse", "9112 5.2 MUST refuse"),
	BAD_CODING("vt-before", "\x0bTransfer-Encoding: chunked", 400, "9110 5.1", "9110 5.1"),
	BAD_CODING("nul-before", "\0Transfer-Encoding: chunked", 400, "9110 5.1", "9110 5.1"),
	BAD_CODING("bom-before", "\xef\xbb\xbfTransfer-Encoding: chunked", 400, "9110 5.1", "9110 5.1"),
	BAD_CODING("vt", "Transfer-Encoding:\x0b" "chunked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("ff", "Transfer-Encoding: \x0c" "chunked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("nul", "Transfer-Encoding: chunked\0", 400, "9110 5.5", "9110 5.5"),
	BAD_CODING("nul-inside", "Transfer-Encoding: chun\0ked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("cr", "Transfer-Encoding: chunked\r", 400, "9112 2.2", "9112 2.2"),
	BAD_CODING("cr-first", "Transfer-Encoding:\rchunked", 400, "9112 2.2", "9112 2.2"),
	BAD_CODING("lf-first", "Transfer-Encoding:\nchunked", 400, "9112 5", "9112 5"),
	BAD_CODING("lf-inside", "Transfer-Encoding: chunked\nX: y", 400, "", "9112 6.1 MUST close"),
	BAD_CODING("fold", "Transfer-Encoding:\r\n chunked", 400, "9112 5.2", "9112 5.2"),
	BAD_CODING("fold-tab", "Transfer-Encoding:\r\n\tchunked", 400, "9112 5.2", "9112 5.2"),
	BAD_CODING("fold-inside", "Transfer-Encoding: chun\r\n ked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("fold-after", "Transfer-Encoding: chunked\r\n , identity", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("hidden-by-lf", "X-A: b\nTransfer-Encoding: chunked", 400, "", ""),
	BAD_CODING("hidden-by-cr", "X-A: b\rTransfer-Encoding: chunked", 400, "9112 2.2", "9112 2.2"),
	BAD_CODING("hidden-by-fold", "X-A: b\r\n Transfer-Encoding: chunked", 400, "9112 5.2", "9112 5.2"),
	BAD_CODING("del", "Transfer-Encoding: chunked\x7f", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("obs-text", "Transfer-Encoding: \xff" "chunked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("nbsp", "Transfer-Encoding:\xa0" "chunked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("long-s", "Tran\xc5\xbf" "fer-Encoding: chunked", 400, "9110 5.1", "9110 5.1"),
	BAD_CODING("kelvin", "Transfer-Encoding: chun\xe2\x84\xaa" "ed", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("underscore", "Transfer_Encoding: chunked", 400, "", ""),
	BAD_CODING("space-for-dash", "Transfer Encoding: chunked", 400, "9110 5.1", "9110 5.1"),
	BAD_CODING("dot-space", "Transfer-Encoding. : chunked", 400, "9112 5.1 MUST refuse", "9112 5.1 MUST refuse"),
	BAD_CODING("quoted-name", "\"Transfer-Encoding\": chunked", 400, "9110 5.1", "9110 5.1"),
	BAD_CODING("brackets", "Transfer-Encoding: [chunked]", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("angle", "Transfer-Encoding: <chunked>", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("comment", "Transfer-Encoding: chunked (x)", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("crlf-words", "Transfer-Encoding: chunked\\r\\n", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	BAD_CODING("percent", "Transfer-Encoding: %63hunked", 400, "9112 6.3 MUST refuse and close", "9112 6.3 MUST refuse and close"),
	TAKE_FIELD("te-request-field", "TE: trailers, chunked\r\n", 200, KEEP, "9110 10.1.4"),
	TAKE_FIELD("trailer-field", "Trailer: X-A\r\n", 200, KEEP, "9110 6.6.2"),
	TAKE_FIELD("content-encoding", "Content-Encoding: gzip\r\n", 200, KEEP, "9110 8.4"),

	/* ---- Expect ---- */
	TAKE_FIELD("expect-continue", "Expect: 100-continue\r\n", 200, KEEP, "9110 10.1.1"),
	TAKE_FIELD("expect-continue-case", "Expect: 100-Continue\r\n", 200, KEEP, "9110 10.1.1"),
	TAKE("expect-continue-post", "POST /doc HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", 405, CLOSE, ""),
	TAKE("expect-1.0", "GET /doc HTTP/1.0\r\nExpect: magic\r\n\r\n", 200, CLOSE, ""),
	BAD_FIELD("expect-other", "Expect: magic\r\n", 417, ""),
	BAD_FIELD("expect-list", "Expect: 100-continue, magic\r\n", 417, ""),
	BAD_FIELD("expect-200", "Expect: 200-ok\r\n", 417, ""),
	TAKE_FIELD("expect-empty", "Expect:\r\n", 200, KEEP, "9110 5.6.1 MUST take"),
	TAKE_FIELD("expect-empty-members", "Expect: ,100-continue, ,\r\n", 200, KEEP, "9110 5.6.1 MUST take"),
	TAKE_FIELD("expect-twice", "Expect: 100-continue\r\nExpect: 100-continue\r\n", 200, KEEP, "9110 5.3"),
	BAD_FIELD("expect-second-line", "Expect: 100-continue\r\nExpect: magic\r\n", 417, ""),
	BAD_FIELD("expect-parameter", "Expect: 100-continue; a=b\r\n", 417, ""),

	/* ---- conditions ---- */
	TAKE_FIELD("inm-any", "If-None-Match: *\r\n", 304, KEEP, "9110 13.1.2 MUST 304"),
	TAKE_FIELD("inm-other", "If-None-Match: \"x\"\r\n", 200, KEEP, "9110 13.1.2 MUST 200"),
	TAKE_FIELD("inm-weak-other", "If-None-Match: W/\"x\"\r\n", 200, KEEP, "9110 13.1.2 MUST 200"),
	TAKE_FIELD("inm-empty", "If-None-Match:\r\n", 200, KEEP, ""),
	TAKE_FIELD("inm-unquoted", "If-None-Match: x\r\n", 200, KEEP, ""),
	TAKE_FIELD("inm-open-quote", "If-None-Match: \"x\r\n", 200, KEEP, ""),
	TAKE_FIELD("inm-two-lines", "If-None-Match: \"x\"\r\nIf-None-Match: *\r\n", 304, KEEP, "9110 5.3 MUST 304"),
	TAKE("inm-post", "POST /doc HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n", 405, KEEP, ""),
	TAKE("inm-options", "OPTIONS /doc HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n", 204, KEEP, "9110 13.2.1"),
	TAKE("inm-unknown-path", "GET /none HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n", 404, KEEP, "9110 13.2.1 MUST 404"),
	TAKE("inm-head", "HEAD /doc HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n", 304, KEEP, "9110 13.1.2 MUST 304"),
	TAKE_FIELD("im-any", "If-Match: *\r\n", 200, KEEP, "9110 13.1.1 MUST 200"),
	TAKE_FIELD("im-other", "If-Match: \"x\"\r\n", 412, KEEP, "9110 13.1.1 MUST 412"),
	TAKE_FIELD("im-any-inm-any", "If-Match: *\r\nIf-None-Match: *\r\n", 304, KEEP, "9110 13.2.2 MUST 304"),
	TAKE_FIELD("im-other-inm-any", "If-Match: \"x\"\r\nIf-None-Match: *\r\n", 412, KEEP, "9110 13.2.2 MUST 412"),
	TAKE_FIELD("ims-later", "If-Modified-Since: Tue, 14 Nov 2023 22:13:21 GMT\r\n", 304, KEEP, "9110 13.1.3"),
	TAKE_FIELD("ims-same", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 304, KEEP, "9110 13.1.3"),
	TAKE_FIELD("ims-earlier", "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 200, KEEP, "9110 13.1.3"),
	TAKE_FIELD("ims-rfc850", "If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT\r\n", 304, KEEP, "9110 5.6.7"),
	TAKE_FIELD("ims-asctime", "If-Modified-Since: Tue Nov 14 22:13:20 2023\r\n", 304, KEEP, "9110 5.6.7"),
	TAKE_FIELD("ims-no-date", "If-Modified-Since: yesterday\r\n", 200, KEEP, "9110 13.1.3 MUST 200"),
	TAKE_FIELD("ims-twice", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\nIf-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 200, KEEP, "9110 13.1.3 MUST 200"),
	TAKE_FIELD("ims-inm-other", "If-None-Match: \"x\"\r\nIf-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 200, KEEP, "9110 13.1.3 MUST 200"),
	TAKE_FIELD("ius-same", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 200, KEEP, "9110 13.1.4"),
	TAKE_FIELD("ius-earlier", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 412, KEEP, "9110 13.1.4 MUST 412"),
	TAKE_FIELD("ius-no-date", "If-Unmodified-Since: 2023-11-14\r\n", 200, KEEP, "9110 13.1.4 MUST 200"),
	TAKE_FIELD("ius-twice", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\nIf-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 200, KEEP, "9110 13.1.4 MUST 200"),
	TAKE_FIELD("ius-with-im", "If-Match: *\r\nIf-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 200, KEEP, "9110 13.1.4 MUST 200"),

	/* ---- nothing of these selects the bytes ---- */
	TAKE_FIELD("forwarded-host", "X-Forwarded-Host: evil.example\r\n", 200, KEEP, ""),
	TAKE_FIELD("forwarded", "Forwarded: for=1.2.3.4;host=evil.example;proto=http\r\n", 200, KEEP, ""),
	TAKE_FIELD("forwarded-proto", "X-Forwarded-Proto: http\r\nX-Forwarded-Port: 1\r\n", 200, KEEP, ""),
	TAKE_FIELD("original-url", "X-Original-URL: /none\r\nX-Rewrite-URL: /none\r\n", 200, KEEP, ""),
	TAKE_FIELD("method-override", "X-HTTP-Method-Override: DELETE\r\n", 200, KEEP, ""),
	TAKE_FIELD("accept-none", "Accept: image/png\r\nAccept-Encoding: identity;q=0\r\nAccept-Charset: x\r\n", 200, KEEP, ""),
};
/* clang-format on */

#define HTTP_CASES_COUNT (sizeof(HTTP_CASES) / sizeof(HTTP_CASES[0]))

/* Last-Modified of the document they are sent to. */
#define HTTP_CASES_MODIFIED 1700000000

#endif
