#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The unit files: systemd understands them and rates their hardening.
use strict;
use warnings;
use File::Glob qw(:bsd_glob);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use Test::More;

has_program('systemd-analyze')
	or plan skip_all => 'systemd-analyze is not installed';

-x '/bin/kill' or plan skip_all => 'ExecReload= needs /bin/kill (procps)';

my $units = scratch();
my ($bin, $ctl) = map { "$units/$_" } qw(jwksd jwksctl);

# As make install writes them, with programs that are there, by names without
# blanks.
symlink program($_), "$units/$_" or die "$_: $!" for qw(jwksd jwksctl);
for my $path (glob source_dir()
		. '/contrib/systemd/{jwksd,jwksctl-mirror}*.{service,socket}*') {
	my ($name) = $path =~ m{([^/]+?)(?:\.in)?$};
	write_file("$units/$name", read_file($path) =~ s/\@sbindir\@\/jwksd/$bin/gr
		=~ s/\@bindir\@\/jwksctl/$ctl/gr
		=~ s/\@sysconfdir\@/\/etc/gr);
}

my $verify = run('systemd-analyze', 'verify', '--man=no',
	glob "$units/*.{service,socket}");
is($verify->{status}, 0, 'systemd takes the units') or diag $verify->{err};
is(join("\n", grep { m{\Q$units\E} } split /\n/, $verify->{err}), '',
	'... without a warning about them');

# The drop-in that is right for this unit only when systemd holds its sockets.
mkdir "$units/held";
mkdir "$units/held/jwksd.service.d";
for my $name (qw(jwksd.service jwksd.socket jwksd-admin.socket)) {
	write_file("$units/held/$name", read_file("$units/$name"));
}
write_file("$units/held/jwksd.service.d/socket-only.conf",
	read_file(source_dir() . '/contrib/systemd/socket-only.conf'));

# systemd counts from 0 to 100 here, and shows a tenth of it.
for my $rated (['jwksd.service', 11], ['held/jwksd.service', 3],
	['jwksctl-mirror@.service', 11]) {
	my ($unit, $threshold) = @$rated;
	my $security = run('systemd-analyze', 'security', '--offline=true',
		'--no-pager', "--threshold=$threshold", "$units/$unit");
	is($security->{status}, 0, "$unit is exposed by at most $threshold of 100")
		or diag "$security->{out}$security->{err}";
}

done_testing;
