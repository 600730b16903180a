#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# A keyring that jwksctl keeps and jwksd publishes: each step is seen at once,
# what a rotation takes out goes without a word, and the private keys are
# beyond jwksd's user.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Errno qw(EACCES);
use File::Glob qw(:bsd_glob);
use JWKSD::Daemon;
use JWKSD::Test;
use POSIX ();
use Test::More;

use constant NOBODY => 65534;

my $dir = scratch();
my $ring = "$dir/prod";
my $issuer = 'https://oidc.example.com/prod';

sub jwksctl
{
	my $done = run(program('jwksctl'), @_);

	is($done->{status}, 0, "jwksctl $_[0]") or diag $done->{err};
	return $done->{out};
}

# The kids of a keyring by their states.
sub ring_kids
{
	my ($state) = @_;

	return [jwksctl('list', $ring) =~ /^\Q$state\E +(\S+)/mg];
}

jwksctl('init', $ring, '--issuer', $issuer, '--max-age', '2h',
	'--rotation-max-age', '5m');
my ($first) = @{ ring_kids('active') };

# As root, be who jwksd is in production: somebody who may read only what all
# may read.
chmod 0755, "$dir";
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(
		qq(issuer "$issuer" { keys = { "prod" } max-age = 86400 }\n)),
	setup => sub {
		return if $> != 0;
		POSIX::setgid(NOBODY);
		POSIX::setuid(NOBODY);
	},
	program => do {
		# the build may be where only root can look
		run('cp', program('jwksd'), "$dir/jwksd");
		"$dir/jwksd";
	});
$jwksd->skip_log;

sub serves
{
	my ($why, $max_age, @kids) = @_;

	is_deeply($jwksd->wait_kids($issuer, \@kids), \@kids, "$why: the keys");
	is($jwksd->jwks($issuer)->field('Cache-Control'), "public, max-age=$max_age",
		"$why: for how long they may be cached");
}

serves('one key', 7200, $first);

jwksctl('stage', $ring);
my ($second) = @{ ring_kids('staged') };
$jwksd->wait_log(qr/published 2 keys/);
serves('one staged', 300, $first, $second);
my ($listed) = @{ json($jwksd->admin_page('/status.json')->{content})
	->{issuers}{list} };
is_deeply([map { $_->{state} } @{ $listed->{keys} }], ['active', 'staged'],
	'the status says their states');

# A key that the keyring takes out is no loss to be held back.
jwksctl('discard', $ring);
$jwksd->wait_log(qr/published 1 key/);
serves('discarded', 7200, $first);
is($jwksd->metric('jwksd_issuers{health="held"}'), 0, '... and nothing is held');

jwksctl('stage', $ring);
($second) = @{ ring_kids('staged') };
$jwksd->wait_log(qr/published 2 keys/);
serves('another staged', 300, $first, $second);
jwksctl('activate', $ring, '--waive', 'url', '--force', '--reason', 'a test');
# a kid may begin with a dash
jwksctl('revoke', '--reason', 'a test', '--', $ring, $first);
$jwksd->wait_log(qr/published 1 key/);
serves('the new one signs, the old one is revoked', 7200, $second);

# A keyring of another issuer is not taken for this one's.
{
	jwksctl('init', "$dir/other", '--issuer', 'https://other.example.com');
	my $bytes = read_file("$dir/other/keyring.json");
	my $mine = read_file("$ring/keyring.json");
	replace_file("$ring/keyring.json", $bytes, 0644);
	my $line = $jwksd->wait_log(qr/keeping the last good set/);
	like($line, qr/other\.example\.com/, "another issuer's keyring is refused");
	serves('... and', 7200, $second);

	replace_file("$ring/keyring.json", $mine =~ s/"version": ?\d+/"version":99/r, 0644);
	like($jwksd->wait_log(qr/keeping the last good set/), qr/newer/,
		'so is one of a newer version');
	replace_file("$ring/keyring.json", $mine, 0644);
	$jwksd->wait_log(qr/good again/);
}

SKIP: {
	skip 'only root can be somebody else', 3 if $> != 0;
	my @private = glob "$ring/private/*.pem";
	cmp_ok(scalar @private, '>=', 1, 'there are private keys');
	my $pid = fork;
	if ($pid == 0) {
		POSIX::setgid(NOBODY);
		POSIX::setuid(NOBODY);
		my $denied = grep { !open(my $file, '<', $_) && $! == EACCES }
			@private, "$ring/apiserver/sa.key";
		POSIX::_exit($denied == @private + 1 ? 0 : 1);
	}
	waitpid $pid, 0;
	is($?, 0, "jwksd's user cannot open one");
	my ($status) = read_file("/proc/$jwksd->{pid}/status") =~ /^Uid:\s+(\d+)/m;
	is($status, NOBODY, '... and that is who it was');
}

is($jwksd->stop, 0, 'ends well');
done_testing;
