#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Every way in which a key file can change is seen at once, without a signal,
# and complete.
use strict;
use warnings;
use File::Glob qw(:bsd_glob);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::HTTP qw(request_text);
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $issuer = 'https://h.example';
my @keys = map { ec_key() } 1 .. 3;
my ($first, $second, $third) = @keys;

# rescan is at its most: only inotify can tell.  Each one begins without a
# state: nothing was ever published.
sub start
{
	my ($paths) = @_;
	my $jwksd;

	unlink glob "$dir/state/*";
	$jwksd = JWKSD::Daemon->start(dir => $dir,
		config => JWKSD::Daemon::config_text(
			qq(issuer "$issuer" { keys = { $paths } }\n), rescan => 3600));
	$jwksd->skip_log;
	return $jwksd;
}

# Change something, and see these keys, on a connection that was there before.
sub sees
{
	my ($jwksd, $why, $change, @expected) = @_;
	my $connection = JWKSD::HTTP->connect($jwksd->address);
	my $request = request_text('/openid/v1/jwks', host => 'h.example');

	$connection->send($request);
	my $before = $connection->response;
	$change->();
	$jwksd->wait_log(qr/mod=publish .*published \d+ keys?/);
	my $deadline = deadline();
	my $after;
	do {
		$connection->send($request);
		$after = $connection->response;
	} until $after->{content} ne $before->{content} || !left($deadline);
	is($after->{content}, jwks_of(@expected), "$why is seen");
	isnt($after->field('ETag'), $before->field('ETag'), '... with another ETag');
	my $stale = $jwksd->jwks($issuer,
		fields => ['If-None-Match: ' . $before->field('ETag')]);
	is($stale->{status}, 200, '... and the old ETag is not enough');
}

{
	my $file = write_file("$dir/sa.pub", public_pem($first));
	my $jwksd = start('"sa.pub"');
	sees($jwksd, 'a file renamed over', sub {
		replace_file($file, public_pem($first) . public_pem($second));
	}, $first, $second);
	sees($jwksd, 'a file rewritten in place', sub {
		append_file($file, public_pem($third));
	}, @keys);
	sees($jwksd, 'another order', sub {
		replace_file($file, join '', map { public_pem($_) } reverse @keys);
	}, reverse @keys);
	is($jwksd->stop, 0, 'ends well');
}

{
	my $home = "$dir/directory";
	mkdir $home;
	write_file("$home/b.pub", public_pem($second));
	my $jwksd = start('"directory"');
	sees($jwksd, 'a new file in a directory', sub {
		replace_file("$home/a.pub", public_pem($first));
	}, $first, $second);
	sees($jwksd, 'a file made in place', sub {
		write_file("$home/c.pub", public_pem($third));
	}, @keys);
	is($jwksd->stop, 0, 'ends well');
}

# As kubelet mounts a ConfigMap: sa.pub -> ..data/sa.pub, ..data -> ..TIME.
{
	my $home = "$dir/mounted";
	my $round = 0;
	my $swap = sub {
		my ($bytes) = @_;
		my $new = "..2026_11_23_" . ++$round;

		mkdir "$home/$new" or die $!;
		write_file("$home/$new/sa.pub", $bytes);
		symlink $new, "$home/..data_tmp" or die $!;
		rename "$home/..data_tmp", "$home/..data" or die $!;
		unlink glob "$home/..2026_11_23_" . ($round - 1) . '/*';
		rmdir "$home/..2026_11_23_" . ($round - 1);
	};
	mkdir $home;
	$swap->(public_pem($first));
	symlink '..data/sa.pub', "$home/sa.pub" or die $!;
	for my $paths ('"mounted/sa.pub"', '"mounted"') {
		my $jwksd = start($paths);
		sees($jwksd, "a swap of ..data for $paths", sub {
			$swap->(public_pem($first) . public_pem($second));
		}, $first, $second);
		sees($jwksd, '... and the next one', sub {
			$swap->(join '', map { public_pem($_) } @keys);
		}, @keys);
		is($jwksd->stop, 0, 'ends well');
		$swap->(public_pem($first));
	}
}

# A link that is turned elsewhere, and the file that it leads to.
{
	mkdir "$dir/$_" for qw(one two links);
	write_file("$dir/one/sa.pub", public_pem($first));
	write_file("$dir/two/sa.pub", public_pem($first) . public_pem($second));
	symlink '../one/sa.pub', "$dir/links/sa.pub";
	my $jwksd = start('"links/sa.pub"');
	sees($jwksd, 'a link turned elsewhere', sub {
		symlink '../two/sa.pub', "$dir/links/new";
		rename "$dir/links/new", "$dir/links/sa.pub" or die $!;
	}, $first, $second);
	sees($jwksd, 'a change behind the link', sub {
		replace_file("$dir/two/sa.pub", join '', map { public_pem($_) } @keys);
	}, @keys);
	is($jwksd->stop, 0, 'ends well');
}

# Touching a file without changing it publishes nothing.
{
	my $file = write_file("$dir/sa.pub", public_pem($first));
	my $jwksd = start('"sa.pub"');
	my $before = $jwksd->jwks($issuer);
	replace_file($file, public_pem($first) . "\n");
	replace_file($file, public_pem($first));
	replace_file($file, public_pem($first) . public_pem($second));
	my $line = $jwksd->wait_log(qr/mod=publish .*published/);
	like($line, qr/published 2 keys/, 'what changes nothing is not published');
	is($jwksd->stop, 0, 'ends well');
}

# A hundred changes in a row: the end is what counts, and each answer on the
# way is one of the sets that were there.
{
	my $file = write_file("$dir/sa.pub", public_pem($first));
	my $jwksd = start('"sa.pub"');
	my @sets = (jwks_of($first), jwks_of(@keys), jwks_of($first, $second));
	my %good = map { $_ => 1 } @sets;
	my $wrong = 0;
	for my $n (1 .. 100) {
		replace_file($file, join '',
			map { public_pem($_) } $n % 2 ? @keys[0 .. 1] : @keys[0 .. 2]);
		$wrong++ unless $good{ $jwksd->jwks($issuer)->{content} };
	}
	my $deadline = deadline();
	my $last = '';
	$last = $jwksd->jwks($issuer)->{content}
		until $last eq $sets[1] || !left($deadline);
	is($last, $sets[1], 'a hundred changes end in the last one');
	is($wrong, 0, '... and nothing else was ever served');
	is($jwksd->stop, 0, 'ends well');
}

done_testing;
