# SPDX-License-Identifier: MIT
#
# Chromium without a window: t/real/page/look.mjs says what it is asked.
package JWKSD::Browser;

use strict;
use warnings;
use JSON::PP ();
use JWKSD::Clients;
use JWKSD::Test;

# Seconds for all that is looked at in one go: the browser starts, and judges.
use constant SECONDS => 300;

# Keeps its files below $dir.  Dies with a line that says why there is none.
sub new
{
	my ($class, $dir) = @_;
	my $chromium = has_program('chromium') || has_program('chromium-browser')
		|| die "chromium is not installed\n";
	my @look = JWKSD::Clients::node_program('page', 'look.mjs');

	return bless { command => [@look, $chromium, "$dir/chromium"] }, $class;
}

# look({ url, scheme, width, file }, ...): what was found, in the same order.
sub look
{
	my ($self, @looks) = @_;
	my $done = run({ stdin => JSON::PP->new->encode(\@looks),
		seconds => SECONDS }, @{ $self->{command} });

	die "look.mjs: $done->{err}" if $done->{status} != 0;
	return @{ json($done->{out}) };
}

1;
