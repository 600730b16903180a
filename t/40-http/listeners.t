#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Where it listens: IPv4, IPv6, Unix sockets, several; what it says when it
# cannot.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::IP;
use JWKSD::Daemon;
use JWKSD::HTTP;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $key = ec_key();
my $body = 'issuer "https://h.example" { keys = { "sa.pub" } }' . "\n";
my $has_ipv6 = IO::Socket::IP->new(LocalHost => '::1', LocalPort => 0, Listen => 1);

write_file("$dir/sa.pub", public_pem($key));

sub config
{
	return JWKSD::Daemon::config_text($body, @_);
}

{
	my @listen = ('127.0.0.1:0', '127.0.0.1:0', "unix:$dir/s");
	push @listen, '[::1]:0' if $has_ipv6;
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config(
		listen => \@listen, admin => "unix:$dir/a"));

	is(scalar @{ $jwksd->{listens} }, @listen, 'each address is logged once');
	for my $address (@{ $jwksd->{listens} }) {
		is($jwksd->jwks('https://h.example', address => $address)->{content},
			jwks_of($key), "served on $address");
	}
	is($jwksd->admin, "unix:$dir/a", 'admin pages on a Unix socket');
	is($jwksd->admin_page('/livez')->{status}, 200, '... are there');
	is($jwksd->admin_page('/openid/v1/jwks')->{status}, 404,
		'... and are not the documents');
	is($jwksd->stop, 0, 'ends well');
}

SKIP: {
	skip 'no IPv6 here', 1 unless $has_ipv6;
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config(
		listen => ['*:0']));
	my ($port) = $jwksd->address =~ /:(\d+)$/;
	for my $address ("127.0.0.1:$port", "[::1]:$port") {
		is($jwksd->jwks('https://h.example', address => $address)->{status}, 200,
			"* is served on $address");
	}
	$jwksd->stop;
}

{
	# left behind by a process that was killed
	my $first = JWKSD::Daemon->start(dir => $dir, config => config(
		listen => ["unix:$dir/s"]));
	$first->signal('KILL');
	is($first->exit_status, 'signal 9', 'killed');
	ok(-S "$dir/s", 'its socket is still there');
	my $second = JWKSD::Daemon->start(dir => $dir);
	is($second->jwks('https://h.example')->{status}, 200, 'a dead socket is replaced');

	my $third = jwksd_run('-c', $second->{file});
	is($third->{status}, 1, 'one that answers is not');
	like($third->{err}, qr/^jwksd: .*\Q$dir\E\/s.*in use/m, '... and named')
		or diag $third->{err};
	is($second->jwks('https://h.example')->{status}, 200, '... and is not harmed');
	$second->stop;
}

{
	my $holder = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0,
		Listen => 1);
	my $address = '127.0.0.1:' . $holder->sockport;
	write_file("$dir/jwksd.conf", config(listen => [$address]));
	my $refused = jwksd_run('-c', "$dir/jwksd.conf");
	is($refused->{status}, 1, 'a port in use: exit status 1');
	like($refused->{err}, qr/^jwksd: .*\Q$address\E.*in use/m, '... with a line that names it')
		or diag $refused->{err};
	is($refused->{out}, '', '... and nothing else');
}

# The admin pages are for this machine unless somebody says otherwise.
{
	write_file("$dir/jwksd.conf", config(admin => '0.0.0.0:0'));
	my $refused = jwksd_run('-c', "$dir/jwksd.conf");
	is($refused->{status}, 1, 'a public admin address is refused');
	like($refused->{err}, qr/admin-public/, '... with what to set');

	my $jwksd = JWKSD::Daemon->start(dir => $dir,
		config => config(admin => '0.0.0.0:0', 'admin-public' => 'true'));
	my ($port) = $jwksd->admin =~ /:(\d+)$/;
	is(JWKSD::HTTP::http("127.0.0.1:$port", '/livez', host => 'x')->{status}, 200,
		'... unless told so');
	$jwksd->stop;
}

done_testing;
