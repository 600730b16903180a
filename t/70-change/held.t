#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# A set that is bad, empty, or lacks a key that was published and that no
# rotation retired: the last good one is served, over a restart too, until the
# source is mended or somebody acknowledges; and it is said.
use strict;
use warnings;
use File::Glob qw(:bsd_glob);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use POSIX ();
use Test::More;

my $dir = scratch();
my $issuer = 'https://h.example/prod';
my @keys = (ec_key(), ec_key('P-384'));
my $good = join '', map { public_pem($_) } @keys;
my $file = "$dir/keys/sa.pub";
my $config = JWKSD::Daemon::config_text(<<"CONF", rescan => 3600);
issuer "$issuer" { keys = { "keys" } }
issuer "https://other.example" { keys = { "other.pub" } }
CONF

mkdir "$dir/keys";
write_file($file, $good);
write_file("$dir/other.pub", public_pem($keys[0]));

my $jwksd = JWKSD::Daemon->start(dir => $dir, config => $config);
my $before = $jwksd->jwks($issuer);

is($before->{content}, jwks_of(@keys), 'two keys are published');

sub held
{
	my ($why, $reason) = @_;
	my $line = $jwksd->wait_log(qr/keeping the last good set/);

	like($line, qr/level=warn mod=publish issuer="?\Q$issuer\E/,
		"$why: the issuer is held");
	like($line, $reason, '... and the line says why');
	my $answer = $jwksd->jwks($issuer);
	is($answer->{content}, $before->{content}, '... the last good set is served');
	is($answer->field('ETag'), $before->field('ETag'), '... as it was');
	is($jwksd->jwks('https://other.example')->{status}, 200, '... no other is harmed');

	is($jwksd->admin_page('/readyz')->{status}, 200, '... it is ready');
	like($jwksd->admin_page('/readyz?verbose')->{content},
		qr/\Q$issuer\E.*$reason/, '... with a word');
	my $metrics = $jwksd->admin_page('/metrics')->{content};
	like($metrics, qr/^jwksd_issuers\{health="held"\} 1$/m, '... and a metric');
	my ($status) = grep { $_->{url} eq $issuer }
		@{ json($jwksd->admin_page('/status.json')->{content})->{issuers}{list} };
	like($status->{problem}, $reason, '... and in the status');
}

# Mend it; wait until that is said.
sub mended
{
	my ($why) = @_;

	unlink glob("$dir/keys/*"), glob("$dir/keys/.*.pub");
	replace_file($file, $good);
	$jwksd->wait_log(qr/mod=publish .*\Q$issuer\E.*good again/);
	unlike($jwksd->admin_page('/readyz?verbose')->{content}, qr/last good/,
		"$why: mended");
}

my @cases = (
	['a bad file', qr/sa\.pub/, sub { replace_file($file, 'rubbish') }],
	['an empty file', qr/sa\.pub/, sub { replace_file($file, '') }],
	['a file cut in place', qr/sa\.pub/, sub {
		open my $open, '+<', $file or die $!;
		truncate $open, 30 or die $!;
		close $open or die $! }],
	['a key that is gone', qr/\Q@{[ kid_of($keys[1]) ]}\E/,
		sub { replace_file($file, public_pem($keys[0])) }],
	['another key instead', qr/\Q@{[ kid_of($keys[1]) ]}\E/,
		sub { replace_file($file, public_pem($keys[0]) . public_pem(ec_key())) }],
	['no file', qr/./, sub { unlink $file or die $! }],
	['a private key beside it', qr/private key/, sub {
		replace_file("$dir/keys/x.pem", private_pem($keys[0])) }],
	['a private key instead', qr/private key/, sub {
		replace_file($file, $good . private_pem($keys[0])) }],
	['a world-writable file', qr/write/, sub { chmod 0666, $file or die $! }],
	['a FIFO', qr/FIFO/, sub {
		unlink $file;
		POSIX::mkfifo($file, 0644) or die $! }],
	['a link that dangles', qr/No such file/, sub {
		symlink 'nowhere', "$dir/keys/new" or die $!;
		rename "$dir/keys/new", $file or die $! }],
	['a directory instead', qr/./, sub { unlink $file; mkdir $file or die $! }],
	['10 GB', qr/sa\.pub/, sub {
		write_file("$file.new~", '');
		truncate "$file.new~", 10 * (1 << 30) or die $!;
		rename "$file.new~", $file or die $! }],
);

for my $case (@cases) {
	my ($why, $reason, $change) = @$case;

	$change->();
	held($why, $reason);
	rmdir $file if -d $file && !-l $file;
	mended($why);
}

# Over a restart: the sources are bad just then.
for my $case (['rubbish', sub { replace_file($file, 'rubbish') }, qr/sa\.pub/],
	['nothing', sub { unlink $file }, qr/./],
	['a key fewer', sub { replace_file($file, public_pem($keys[0])) },
		qr/\Q@{[ kid_of($keys[1]) ]}\E/])
{
	my ($why, $change, $reason) = @$case;

	is($jwksd->stop, 0, 'stopped');
	$change->();
	$jwksd = JWKSD::Daemon->start(dir => $dir);
	held("restarted with $why", $reason);
	is($jwksd->jwks($issuer)->field('Last-Modified'),
		$before->field('Last-Modified'), '... not even Last-Modified moved');
	mended($why);
}

# Killed in the middle, not stopped.
replace_file($file, public_pem($keys[0]));
held('a key fewer', qr/\Q@{[ kid_of($keys[1]) ]}\E/);
$jwksd->signal('KILL');
is($jwksd->exit_status, 'signal 9', 'killed');
$jwksd = JWKSD::Daemon->start(dir => $dir);
held('killed and started again', qr/\Q@{[ kid_of($keys[1]) ]}\E/);

# Acknowledged, while it runs.
my $acknowledge = jwksd_run('-c', $jwksd->{file}, '--acknowledge', $issuer);
is($acknowledge->{status}, 0, '--acknowledge') or diag $acknowledge->{err};
like($acknowledge->{out}, qr/\Q@{[ kid_of($keys[1]) ]}\E/, '... names what is dropped');
unlike($acknowledge->{out}, qr/\Q@{[ kid_of($keys[0]) ]}\E/, '... and that only');
$jwksd->reload;
$jwksd->wait_log(qr/mod=publish .*published 1 key/);
is_deeply($jwksd->kids($issuer), [kid_of($keys[0])], '... and it is not served any more');

my $again = jwksd_run('-c', $jwksd->{file}, '--acknowledge', $issuer);
is($again->{status}, 0, 'nothing left to acknowledge is no error');
my $unknown = jwksd_run('-c', $jwksd->{file}, '--acknowledge', 'https://no.example');
is($unknown->{status}, 1, 'an issuer that is not there is one');
like($unknown->{err}, qr{^jwksd: .*https://no\.example}, '... and named');
is($jwksd->stop, 0, 'ends well');

# Acknowledging does not make a bad set good.
replace_file($file, 'rubbish');
my $bad = jwksd_run('-c', $jwksd->{file}, '--acknowledge', $issuer);
is($bad->{status}, 1, 'a bad set cannot be acknowledged');
like($bad->{err}, qr/sa\.pub/, '... and the file is named');

# A damaged record is said, and is not taken for "nothing was published".
replace_file($file, public_pem($keys[0]));
for my $record (glob "$dir/state/*.json") {
	truncate $record, 20;
}
my $damaged = JWKSD::Daemon->start(dir => $dir);
like($damaged->log_text, qr/level=(?:warn|error) .*\.json/, 'a damaged record is told');
is_deeply($damaged->kids($issuer), [kid_of($keys[0])], '... and the keys are served');
is($damaged->stop, 0, 'ends well');

done_testing;
