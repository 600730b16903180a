# SPDX-License-Identifier: MIT
#
# What tests of the AWS side share: certificates, an HTTPS server that
# misbehaves on request, tokens, and the documents that IAM holds.
package JWKSD::Aws;

use strict;
use warnings;
use Exporter qw(import);
use JSON::PP ();
use JWKSD::Keys;
use JWKSD::Test;
use MIME::Base64 qw(decode_base64 encode_base64url);
use Digest::SHA qw(sha1_hex);
use POSIX ();

our @EXPORT = qw(
	ISSUER HOST ACCOUNT new_pki leaf thumbprint_of http_ok http_raw
	token claims provider_json policy_json json_text
);

use constant {
	HOST    => 'oidc.example.com',
	ISSUER  => 'https://oidc.example.com/prod',
	ACCOUNT => '123456789012',
};

sub json_text
{
	my ($value) = @_;

	return JSON::PP->new->canonical->encode($value);
}

sub openssl
{
	my $done = run('openssl', @_);

	die "openssl @_: $done->{err}" if $done->{status} != 0;
	return $done->{out};
}

# A root in $dir/root.pem and an intermediate CA under it.
sub new_pki
{
	my ($dir) = @_;

	write_file("$dir/ca.cnf", "basicConstraints=critical,CA:TRUE\n"
		. "keyUsage=critical,keyCertSign,cRLSign\n"
		. "subjectKeyIdentifier=hash\n");
	for my $name (qw(root middle)) {
		write_file("$dir/$name.key", ec_key()->{private}, 0600);
		openssl('req', '-new', '-key', "$dir/$name.key", '-subj', "/CN=$name",
			'-out', "$dir/$name.csr", '-config', '/dev/null');
	}
	openssl('x509', '-req', '-in', "$dir/root.csr", '-signkey', "$dir/root.key",
		'-days', '30', '-extfile', "$dir/ca.cnf", '-out', "$dir/root.pem");
	openssl('x509', '-req', '-in', "$dir/middle.csr", '-CA', "$dir/root.pem",
		'-CAkey', "$dir/root.key", '-CAcreateserial', '-days', '30',
		'-extfile', "$dir/ca.cnf", '-out', "$dir/middle.pem");
	return $dir;
}

# leaf($dir, name => FILE, host, md, days, self, alone, bits): a chain in
# FILE.pem and its key in FILE.key.
sub leaf
{
	my ($dir, %how) = @_;
	my ($name, $host) = ($how{name}, $how{host} || HOST);
	my $path = "$dir/$name";
	my $key = $how{bits} ? rsa_key($how{bits}) : ec_key();
	my @by = $how{self} ? ('-signkey', "$path.key")
		: ('-CA', "$dir/middle.pem", '-CAkey', "$dir/middle.key",
			'-CAcreateserial');

	write_file("$path.key", $key->{private}, 0600);
	write_file("$path.cnf", "subjectAltName=DNS:$host\n"
		. "basicConstraints=CA:FALSE\n");
	openssl('req', '-new', '-key', "$path.key", '-subj', "/CN=$host", '-out',
		"$path.csr", '-config', '/dev/null');
	openssl('x509', '-req', '-in', "$path.csr", @by, '-days',
		defined $how{days} ? $how{days} : 30, '-' . ($how{md} || 'sha256'),
		'-extfile', "$path.cnf", '-out', "$path.leaf");
	write_file("$path.pem", read_file("$path.leaf")
		. ($how{self} || $how{alone} ? '' : read_file("$dir/middle.pem")));
	return $path;
}

# IAM's thumbprint, worked out from the file: the last certificate in it.
sub thumbprint_of
{
	my ($chain) = @_;
	my @pem = read_file($chain)
		=~ /-----BEGIN CERTIFICATE-----(.*?)-----END/sg;

	return uc sha1_hex(decode_base64($pem[-1]));
}

sub http_raw
{
	my ($status, $headers, $body) = @_;

	return "HTTP/1.1 $status\r\n" . join('', map { "$_\r\n" } @$headers)
		. "Connection: close\r\n\r\n$body";
}

sub http_ok
{
	my ($body, $type) = @_;

	return http_raw('200 OK', ['Content-Type: ' . ($type || 'application/json'),
		'Content-Length: ' . length $body], $body);
}

# A JWS over these claims; how: kid, alg, header (more members), key.
sub token
{
	my ($key, $claims, %how) = @_;
	my $alg = $how{alg} || ($key->{curve} ? 'ES256' : 'RS256');
	my $header = { alg => $alg, kid => $how{kid} || kid_of($key),
		%{ $how{header} || {} } };

	delete $header->{kid} if $how{no_kid};
	my $signed = encode_base64url(json_text($header)) . '.'
		. encode_base64url(ref $claims ? json_text($claims) : $claims);
	my $file = File::Temp->new;

	print $file $key->{private};
	$file->flush;
	my $done = run({ stdin => $signed }, 'openssl', 'dgst', '-sha256', '-sign',
		"$file");
	die $done->{err} if $done->{status} != 0;
	my $signature = $key->{curve} ? raw_ecdsa($done->{out}, 32) : $done->{out};
	return "$signed." . encode_base64url($signature);
}

# SEQUENCE { INTEGER r, INTEGER s } -> r || s
sub raw_ecdsa
{
	my ($der, $width) = @_;
	my $at = ord(substr $der, 1, 1) > 127 ? 3 : 2;
	my $raw = '';

	for (1 .. 2) {
		my $len = ord substr $der, $at + 1, 1;
		my $number = substr $der, $at + 2, $len;
		$number =~ s/\A\0+//;
		$raw .= ("\0" x ($width - length $number)) . $number;
		$at += 2 + $len;
	}
	return $raw;
}

# The claims of a pod's token, good now; others with undef are left out.
sub claims
{
	my (%other) = @_;
	my $now = time;
	my %claims = (
		iss => ISSUER,
		sub => 'system:serviceaccount:shop:web',
		aud => ['sts.amazonaws.com'],
		iat => $now - 10,
		nbf => $now - 10,
		exp => $now + 3600,
		jti => 'b1d4e1f0-0000-4000-8000-000000000000',
		%other,
	);

	delete $claims{$_} for grep { !defined $claims{$_} } keys %claims;
	return \%claims;
}

sub provider_json
{
	my (%other) = @_;

	return json_text({
		Url            => ISSUER =~ s{^https://}{}r,
		ClientIDList   => ['sts.amazonaws.com'],
		ThumbprintList => [],
		%other,
	});
}

# A trust policy with this subject and audience; statement replaces more.
sub policy_json
{
	my (%other) = @_;
	my $bare = ISSUER =~ s{^https://}{}r;

	return json_text({
		Version   => '2012-10-17',
		Statement => [{
			Effect    => 'Allow',
			Principal => { Federated => 'arn:aws:iam::' . ACCOUNT
				. ":oidc-provider/$bare" },
			Action    => 'sts:AssumeRoleWithWebIdentity',
			Condition => { StringEquals => {
				"$bare:aud" => 'sts.amazonaws.com',
				"$bare:sub" => 'system:serviceaccount:shop:web',
			} },
			%other,
		}],
	});
}

# ---------------------------------------------------------------------------
# The server: start(chain => PATH without .pem, answers => DIR, how => WORD)

package JWKSD::Aws::Server;

use JWKSD::Test;

sub start
{
	my ($class, %how) = @_;
	my @argv = (JWKSD::Test::program('t/lib/tls-server'), "$how{chain}.pem",
		"$how{chain}.key", $how{answers}, $how{how} ? $how{how} : ());

	pipe my $in_read, my $in or die "pipe: $!";
	pipe my $out, my $out_write or die "pipe: $!";
	defined(my $pid = fork) or die "fork: $!";
	if ($pid == 0) {
		POSIX::dup2(fileno $in_read, 0);
		POSIX::dup2(fileno $out_write, 1);
		close $in;
		{ exec { $argv[0] } @argv }
		POSIX::_exit(127);
	}
	close $in_read;
	close $out_write;
	my $port = <$out>;
	defined $port or die "tls-server did not start";
	chomp $port;
	return bless { pid => $pid, in => $in, address => "127.0.0.1:$port" },
		$class;
}

sub address { return $_[0]{address} }

sub DESTROY
{
	my ($self) = @_;

	local $?;
	close $self->{in};
	waitpid $self->{pid}, 0;
}

1;
