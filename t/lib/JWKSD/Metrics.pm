# SPDX-License-Identifier: MIT
#
# The metrics of a jwksd that has something to tell, and what they are called.
package JWKSD::Metrics;

use strict;
use warnings;
use Exporter qw(import);
use JWKSD::Daemon;
use JWKSD::Test;

our @EXPORT = qw(exposed families prometheus_text);

# /metrics as it is when an issuer's rotation is open and both documents were
# fetched, so that as many of them as possible have a sample.
sub exposed
{
	my $dir = scratch();
	my $issuer = 'https://h.example/i';

	for my $step ([init => "$dir/i", '--issuer', $issuer, '--alg', 'ES256'],
		[stage => "$dir/i"]) {
		my $ran = run(program('jwksctl'), @$step);
		die $ran->{err} if $ran->{status};
	}
	my $jwksd = JWKSD::Daemon->start(dir => $dir,
		config => JWKSD::Daemon::config_text(<<"CONF"));
issuer "$issuer" { keys = { "i" } }
CONF
	$jwksd->jwks($issuer);
	$jwksd->document($issuer, '/.well-known/openid-configuration');
	my $text = $jwksd->admin_page('/metrics')->{content};
	$jwksd->stop;
	return $text;
}

# { name => { type, labels of its first sample or undef } }, by the name that
# samples have and that one asks for.
sub families
{
	my ($text) = @_;
	my %suffix = (counter => '_total', info => '_info');
	my %families;

	while ($text =~ /^# TYPE (\S+) (\S+)$/mg) {
		my ($name, $type) = ($1 . ($suffix{$2} // ''), $2);
		my ($sample) = $text =~ /^(\Q$name\E[ {].*)$/m;

		$families{$name} = { type => $type, labels =>
			defined $sample ? [$sample =~ /(\w+)="/g] : undef };
	}
	return %families;
}

# The same in the format from before OpenMetrics, the one that promtool lints.
sub prometheus_text
{
	my ($text) = @_;

	$text =~ s/^# (?:UNIT .*|EOF)\n//mg;
	for my $name ($text =~ /^# TYPE (\S+) counter$/mg) {
		$text =~ s/^# (TYPE|HELP) \Q$name\E /# $1 ${name}_total /mg;
	}
	for my $name ($text =~ /^# TYPE (\S+) info$/mg) {
		$text =~ s/^# (TYPE|HELP) \Q$name\E /# $1 ${name}_info /mg;
	}
	return $text =~ s/^(# TYPE \S+) info$/$1 gauge/mgr;
}

1;
