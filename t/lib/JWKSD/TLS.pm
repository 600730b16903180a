# SPDX-License-Identifier: MIT
#
# Certificates, and clients of TLS that are not ours: openssl s_client, curl.
package JWKSD::TLS;

use strict;
use warnings;
use Exporter qw(import);
use JWKSD::Test;

our @EXPORT = qw(make_certificate certificate_pem curl s_client bare);

# make_certificate($path, names => [...], days => N, key => PEM): a self-signed
# one and its key; { certificate, key }, PEM.
sub certificate_pem
{
	my (%how) = @_;
	my $dir = scratch();
	my $names = join ',', map { "DNS:$_" } @{ $how{names} };
	my @key = $how{key} ? ('-key', "$dir/key")
		: ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
			'-keyout', "$dir/key");
	my $done;

	write_file("$dir/key", $how{key}, 0600) if $how{key};
	$done = run('openssl', 'req', '-x509', @key, '-out', "$dir/certificate",
		'-days', $how{days} // 30, '-subj', '/CN=test', '-addext',
		"subjectAltName=$names");
	die "openssl req: $done->{err}" if $done->{status} != 0;
	return { map { $_ => read_file("$dir/$_") } qw(certificate key) };
}

# The same as PATH.crt and PATH.key.
sub make_certificate
{
	my ($path, %how) = @_;
	my $pair = certificate_pem(%how);

	replace_file("$path.key", $pair->{key}, 0600);
	replace_file("$path.crt", $pair->{certificate});
	return $pair;
}

# Without the "tls:" that the log has.
sub bare
{
	my ($address) = @_;

	return $address =~ s/^tls://r;
}

# curl($address, $url, argument, ...): { status, out, err } of curl.
sub curl
{
	my ($address, $url, @more) = @_;

	return run('curl', '-sS', '--noproxy', '*', '--max-time', 30,
		'--connect-to', '::' . bare($address), @more, $url);
}

# s_client($address, $request, argument, ...): what openssl says, up to the end
# of the connection.
sub s_client
{
	my ($address, $request, @more) = @_;
	my $done = run({ stdin => $request }, 'openssl', 's_client', '-ign_eof',
		'-connect', bare($address), @more);

	return "$done->{out}\n$done->{err}";
}

1;
