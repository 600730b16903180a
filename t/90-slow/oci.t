#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The OCI image, made twice and run once: the same bytes each time, small, no
# shell in it, and it serves with a root that is only read, as a user that is
# nobody, without a capability.  And jwksctl's, which is made the same way.
use strict;
use warnings;
use File::Find;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Release;
use JWKSD::Test;
use Test::More;

needs_root_and(qw(dpkg-buildpackage dh umoci runc));

my $dir = scratch();
debs(release(), "$dir/packages");
my ($deb, $ctl) = map { glob "$dir/packages/${_}_*.deb" } qw(jwksd jwksctl);

# Made by somebody else, somewhere else.
sub build
{
	my ($from, $to, %env) = @_;
	my $ran = run({ seconds => 120, setup => sub {
		@ENV{ keys %env } = values %env;
		umask oct($env{UMASK} // '022');
		chdir($env{HOME} // '.');
	} }, source_dir() . '/contrib/oci/build', $from, $to);

	is($ran->{status}, 0, 'an image is made') or BAIL_OUT($ran->{err});
	return read_file($to);
}
ok(build($deb, "$dir/image.tar") eq build($deb, "$dir/again.tar", TZ => 'Asia/Tokyo',
	LC_ALL => 'C.UTF-8', UMASK => '077', HOME => '/'),
	'the same bytes again, with another umask, zone and directory');
note 'image: ', -s "$dir/image.tar", ' bytes';

# What others make of it.
sub unpack_image
{
	my ($image, $bundle) = @_;

	mkdir "$image.layout" or die;
	is(run('tar', '-C', "$image.layout", '-xf', $image)->{status}, 0,
		'it is unpacked');
	my $index = json(read_file("$image.layout/index.json"));
	my $tag = $index->{manifests}[0]{annotations}
		{'org.opencontainers.image.ref.name'};
	my $unpack = run('umoci', 'unpack', '--image', "$image.layout:$tag", $bundle);
	is($unpack->{status}, 0, "umoci takes the image $tag") or diag $unpack->{err};
}
my $bundle = "$dir/bundle";
unpack_image("$dir/image.tar", $bundle);

my ($bytes, @programs) = (0);
find({ no_chdir => 1, wanted => sub {
	return unless -f && !-l;
	$bytes += -s;
	push @programs, $_ =~ s/^\Q$bundle\E\/rootfs//r if m{/s?bin/};
} }, "$bundle/rootfs");
cmp_ok($bytes, '<', 15e6, "it is less than 15 MB: $bytes bytes");
is("@programs", '/usr/sbin/jwksd', 'jwksd is all that can be run in it');

# The runtime's configuration as umoci derives it from the image, but stricter;
# what the operator brings is mounted.
my $spec = json(read_file("$bundle/config.json"));
is("$spec->{process}{user}{uid}:$spec->{process}{user}{gid}", '65532:65532',
	'the image names a user who is nobody');
is($spec->{annotations}{'org.opencontainers.image.title'}, 'jwksd', 'labels');
$spec->{root}{readonly} = JSON::PP::true;
$spec->{process}{terminal} = JSON::PP::false;
$spec->{process}{capabilities} = {};
push @{ $spec->{process}{args} }, '-c', '/etc/jwksd/jwksd.conf';
for my $mount (["$dir/etc" => '/etc/jwksd', 'ro'], ["$dir/run" => '/run/jwksd', 'rw']) {
	my ($from, $to, $how) = @$mount;

	mkdir $from or die "$from: $!";
	push @{ $spec->{mounts} }, { source => $from, destination => $to,
		type => 'bind', options => ['bind', $how] };
}
my ($state) = grep { $_->{destination} eq '/var/lib/jwksd/state' }
	@{ $spec->{mounts} };
ok($state, 'its state is a volume');
push @{ $state->{options} }, 'uid=65532', 'gid=65532', 'mode=0755';
chown 65532, 65532, "$dir/run" or die "$dir/run: $!";
write_file("$bundle/config.json", JSON::PP::encode_json($spec));

write_file("$dir/etc/sa.pub", public_pem(ec_key()), 0644);
write_file("$dir/etc/jwksd.conf", <<'CONF', 0644);
listen = { "unix:/run/jwksd/http" }
admin = "unix:/run/jwksd/admin"
issuer "https://h.example" { keys = { "sa.pub" } }
CONF
chmod 0755, "$dir" or die;

my $jwksd = JWKSD::Daemon->spawn(dir => $dir, env => { NOTIFY_SOCKET => '' },
	argv => ['runc', '--root', "$dir/runc", 'run', '-b', $bundle, "jwksd-$$"]);
$jwksd->wait_log(qr/msg="ready:/);
my $answer = $jwksd->ask('/openid/v1/jwks', host => 'h.example',
	address => "unix:$dir/run/http");
is($answer->{status}, 200, 'in a container it serves');
is(scalar @{ json($answer->{content})->{keys} }, 1, '... the key');
my $status = read_file("/proc/" . child_of($jwksd->{pid}) . "/status");
like($status, qr/^Uid:\s65532\s/m, '... as nobody');
like($status, qr/^CapEff:\s0+$/m, '... without a capability');
is($jwksd->stop, 0, 'and ends well');

# jwksctl's image.
build($ctl, "$dir/jwksctl.tar");
unpack_image("$dir/jwksctl.tar", "$dir/jwksctl");
$spec = json(read_file("$dir/jwksctl/config.json"));
$spec->{process}{terminal} = JSON::PP::false;
push @{ $spec->{process}{args} }, 'help', 'mirror';
write_file("$dir/jwksctl/config.json", JSON::PP::encode_json($spec));
my $help = run('runc', '--root', "$dir/runc", 'run', '-b', "$dir/jwksctl",
	"jwksctl-$$");
like($help->{out}, qr/^usage: jwksctl mirror/, 'jwksctl in a container')
	or diag $help->{err};

# The process that runc started.
sub child_of
{
	my ($pid) = @_;

	return (split ' ', join ' ', map { read_file($_) }
		glob "/proc/$pid/task/*/children")[0];
}

done_testing;
