#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Conditional requests: RFC 9110 section 13.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $issuer = 'https://oidc.example.com';

write_file("$dir/sa.pub", public_pem(ec_key()));
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<"CONF"));
issuer "$issuer" { keys = { "sa.pub" } }
CONF

my $plain = $jwksd->jwks($issuer);
my $etag = $plain->field('ETag');
my $modified = $plain->field('Last-Modified');
my $old = 'Thu, 01 Jan 2015 00:00:00 GMT';
my $future = 'Fri, 31 Dec 2100 00:00:00 GMT';

# [ fields, status, why ]
my @cases = (
	[["If-None-Match: $etag"], 304, 'the ETag it has'],
	[["If-None-Match: W/$etag"], 304, 'compared weakly'],
	[['If-None-Match: *'], 304, 'any'],
	[["If-None-Match: \"other\", $etag"], 304, 'one of a list'],
	[["If-None-Match: \"a,b\" ,, $etag "], 304, 'a comma inside, empty elements'],
	[['If-None-Match: "other"'], 200, 'another ETag'],
	[['If-None-Match: ' . $etag =~ tr/"//dr], 200, 'an ETag without quotes'],
	[["If-None-Match: \"x$etag\""], 200, 'an ETag inside of another'],
	[["If-Modified-Since: $modified"], 304, 'not modified since'],
	[["If-Modified-Since: $future"], 304, 'nor since the future'],
	[["If-Modified-Since: $old"], 200, 'modified since then'],
	[['If-Modified-Since: yesterday'], 200, 'a date that is none'],
	[['If-None-Match: "other"', "If-Modified-Since: $modified"], 200,
		'If-None-Match decides alone'],
	[["If-None-Match: $etag", "If-Modified-Since: $old"], 304,
		'... both ways'],
	[["If-Match: $etag"], 200, 'still the ETag'],
	[['If-Match: *'], 200, 'there is one'],
	[['If-Match: "other"'], 412, 'no longer the ETag'],
	[["If-Match: W/$etag"], 412, 'compared strongly'],
	[["If-Unmodified-Since: $old"], 412, 'modified since'],
	[["If-Unmodified-Since: $modified"], 200, 'not modified since'],
	[['Range: bytes=0-9'], 200, 'ranges are not offered'],
);

for my $case (@cases) {
	my ($fields, $status, $why) = @$case;

	for my $method (qw(GET HEAD)) {
		my $answer = $jwksd->jwks($issuer, method => $method, fields => $fields);
		is($answer->{status}, $status, "$method with @$fields: $why");
		next unless $answer->{status} == 304;
		for my $name (qw(ETag Cache-Control Last-Modified)) {
			is($answer->field($name), $plain->field($name), "... with $name");
		}
		ok(defined $answer->field('Date'), '... with Date');
		is($answer->field('Content-Type'), undef, '... without Content-Type');
	}
}

is($jwksd->stop, 0, 'ends well');
done_testing;
