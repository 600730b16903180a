#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The status page in Chromium: axe finds nothing against it, in light and dark,
# on a desk and on a phone; it loads nothing and needs no script, nothing is
# cut off, and it says what /status.json says.  Were it to fail, somebody could
# not read at night what is wrong, or would read what is not so.
#
#     t/90-slow/page.t --screenshots DIR
#
# leaves its first screen there, as status-light.png and status-dark.png.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Getopt::Long qw(GetOptions);
use JWKSD::Browser;
use JWKSD::Ctl;
use JWKSD::Daemon;
use JWKSD::HTTP qw(request_text);
use JWKSD::Keys;
use JWKSD::TLS;
use JWKSD::Test;
use Test::More;

use constant HOUR => 3600;
use constant BASE => 'https://oidc.example.com';

GetOptions('screenshots=s' => \my $pictures) or exit 2;

my $dir = scratch();
my $browser = eval { JWKSD::Browser->new($dir) }
	or plan skip_all => $@ =~ s/\n//r;

# --- a night in the life of jwksd -------------------------------------------

my $start = time;

# A keyring in the middle of a rotation, with a key in each published state.
sub rotating
{
	my ($name) = @_;
	my @waive = ('--waive', 'url');

	at($start - 200 * DAY);
	ctl_ok('init', "$dir/$name", '--issuer', BASE . "/$name");
	at($start - 3 * DAY);
	ctl_ok('stage', "$dir/$name");
	at($start - 20 * HOUR);
	ctl_ok('activate', "$dir/$name", @waive);
	at($start - 6 * HOUR);
	ctl_ok('stage', "$dir/$name");
}

sub add_tenant
{
	my ($name, $text) = @_;

	mkdir "$dir/new.$name";
	write_file("$dir/new.$name/sa.pub", $text);
	rename "$dir/new.$name", "$dir/fleet/$name" or die "rename: $!";
}

rotating('prod');
at($start - 90 * DAY);
ctl_ok('init', "$dir/staging", '--issuer', BASE . '/staging', '--alg', 'ES256');
at($start);
write_file("$dir/test.pub", public_pem(rsa_key()));
mkdir "$dir/fleet";
add_tenant($_, public_pem(ec_key())) for qw(berlin lagos);
make_certificate("$dir/tls", names => ['oidc.example.com']);

my $config = JWKSD::Daemon::config_text(<<"CONF",
issuer "@{[ BASE ]}/prod" { keys = { "prod" } }
issuer "@{[ BASE ]}/staging" { keys = { "staging" } }
issuer "@{[ BASE ]}/test" { keys = { "test.pub" } }
issuers "@{[ BASE ]}/tenants/*" { directory = "fleet" }
CONF
	listen => ['127.0.0.1:0', 'tls:127.0.0.1:0'],
	'tls-certificates' => ['tls.crt'], 'tls-keys' => ['tls.key'],
	'proxy-protocol' => ['127.0.0.1']);
my $jwksd = JWKSD::Daemon->start(dir => $dir, config => $config);

# Somebody comes by: through a proxy, for all would be of the loopback else.
sub visit
{
	my ($path, $from, $agent) = @_;
	my $connection = JWKSD::HTTP->connect($jwksd->address);

	$connection->send("PROXY TCP4 $from 127.0.0.1 5151 443\r\n"
		. request_text($path, host => 'oidc.example.com', close => 1,
		fields => ["User-Agent: $agent"]));
	return $connection->response->{status};
}

# --- what is looked at ------------------------------------------------------

sub status
{
	my ($query) = @_;

	return json($jwksd->admin_page("/status.json$query")->{content});
}

# What the page must say of an issuer, from /status.json.
sub issuer_row
{
	my ($issuer, $in_full) = @_;
	my @keys = map { [$_->{kid}, "$_->{alg}, $_->{bits} bits",
		$_->{state} // 'no keyring', @{$_}{qw(since next_due)}] }
		@{ $issuer->{keys} };

	return {
		(map { $_ => $issuer->{$_} } qw(url health problem)),
		keys  => $in_full ? \@keys : [],
		drawn => $in_full ? scalar(grep { $_->{state} } @{ $issuer->{keys} })
			: 0,
	};
}

sub agrees
{
	my ($said, $status, $what) = @_;
	my $list = $status->{issuers};
	my @checks = grep { $_->{grade} ne 'ok' } @{ $status->{checks} };

	is_deeply([sort { $a->{url} cmp $b->{url} } @{ $said->{issuers} }],
		[sort { $a->{url} cmp $b->{url} }
			map { issuer_row($_, $list->{matched} <= 20) } @{ $list->{list} }],
		"$what: issuers, keys and states are those of /status.json");
	is_deeply([sort @{ $said->{checks} }], [sort map { $_->{name} } @checks],
		'... and what is wrong');
	is_deeply($said->{fetches}, [map { [$_->{when}, $_->{document},
		$_->{issuer}, $_->{status}, "$_->{peer} $_->{peer_class}",
		$_->{agent}] } @{ $status->{fetches}{recent} }], '... and who came by');
	is_deeply($said->{reloads}, [map { [$_->{when}, $_->{good} ? 'good' : 'bad',
		$_->{text}] } @{ $status->{reloads}{events} }], '... and the reloads');
}

sub nodes
{
	return map { my $rule = $_; map { "$rule->{id}: $_" } @{ $rule->{nodes} } }
		@{ $_[0] };
}

sub judged
{
	my ($found, $look, $answer) = @_;
	my $what = "$look->{scheme}, $look->{width} px";

	is($found->{status}, $answer, "$what: answered");
	is_deeply([grep { !/^data:/ } @{ $found->{asked} }], [$look->{url}], '... nothing else is loaded');
	is_deeply([grep { $answer == 200 || !/ 404 / } @{ $found->{complaints} }],
		[], '... the browser has no complaint');
	cmp_ok($found->{scrolls}, '<=', 0, '... it does not scroll sideways');
	is_deeply($found->{misplaced}, [], '... all of it can be read');
	is(join("\n", nodes($found->{violations})), '', '... axe: no violation');
	is(join("\n", grep { !/<(?:text|tspan)\b/ } nodes($found->{incomplete})), '',
		'... and nothing but drawings that it could not tell');
	is_deeply($found->{faint}, [], '... in which nothing is too faint');
	note("axe: $what: ", join ', ', map { scalar @{ $found->{$_} } . " $_" }
		qw(passes violations incomplete));
}

# Look at a page in every way, and compare it; what it said.
sub looked
{
	my ($query, $what, %how) = @_;
	my @looks = map {
		my $scheme = $_;
		map { { url => 'http://' . $jwksd->admin . "/$query",
			scheme => $scheme, width => $_ } } 1280, 360;
	} qw(light dark);

	if ($how{pictures}) {
		$_->{file} = "$how{pictures}/status-$_->{scheme}.png"
			for grep { $_->{width} == 1280 } @looks;
	}
	my $status = status($query);
	my @found = $browser->look(@looks);

	note("$what: /$query");
	judged($found[$_], $looks[$_], $how{answer} // 200) for 0 .. $#looks;
	agrees($_->{said}, $status, $what) for @found;
	return $found[0]{said};
}

# --- all is well ------------------------------------------------------------

my $said = looked('', 'before anybody came');
is($said->{headline}, 'All 5 issuers are served', 'all is well');

is(visit('/prod/.well-known/openid-configuration', '203.0.113.7',
	'Java/17 STS'), 200, 'somebody comes by');
is(visit('/prod/openid/v1/jwks', '203.0.113.7', 'Java/17 STS'), 200,
	'... and again');
is(visit('/staging/openid/v1/jwks', '10.2.0.9', 'kube-prober "<b>"'), 200,
	'... and another');
$said = looked('', 'all is well', pictures => $pictures);

my ($prod) = grep { $_->{url} eq BASE . '/prod' } @{ $said->{issuers} };
my %ctl = map { $_->{kid} => $_->{state} } @{ keyring("$dir/prod")->{keys} };
is_deeply({ map { @{$_}[0, 2] } @{ $prod->{keys} } }, \%ctl,
	'the page shows the states that jwksctl gives');
is_deeply([sort values %ctl], [qw(active retiring staged)], '... all three');
is($prod->{drawn}, 3, '... each with a line of the drawing');

# --- all is not -------------------------------------------------------------

replace_file("$dir/test.pub", 'rubbish');
$jwksd->wait_log(qr/keeping the last good set/);
add_tenant('nowhere', 'rubbish');
$jwksd->wait_log(qr{mod=publish issuer="?\Q@{[ BASE ]}\E/tenants/nowhere"?});
replace_file("$dir/tls.crt", certificate_pem(names => ['x.test'])->{certificate});
$jwksd->wait_log(qr/mod=tls/);
write_file($jwksd->{file}, "$config\nno-such-option = 1\n");
$jwksd->reload;

$said = looked('', 'all is not well');
is($said->{headline}, '1 of 6 issuers is not served', '... which it says first');
is_deeply([map { $_->{health} } @{ $said->{issuers} }],
	[qw(absent held fresh fresh fresh fresh)], 'what is wrong comes first');

# --- a fleet ----------------------------------------------------------------

add_tenant("tenant$_", public_pem(ec_key())) for 1 .. 20;
my $deadline = deadline();
1 while status('')->{issuers}{fresh} < 24 && left($deadline);
$said = looked('', 'a fleet');
is(scalar @{ $said->{issuers} }, 26, 'the fleet is a table');
looked('?q=berlin', 'a search');
looked("?issuer=@{[ BASE ]}/atlantis", 'no such issuer', answer => 404);

is($jwksd->stop, 0, 'ends well');
done_testing;
