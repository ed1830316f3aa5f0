# What Android's interactive shell begins with: a prompt of host, folder and, behind a failure, its exit code.
: "${HOSTNAME:=$(getprop ro.product.device)}" "${HOSTNAME:=android}"
PS1='${|
  local code=$?
  ((code)) && REPLY+="$code|"
  return $code
}$HOSTNAME:${PWD:-?} '
if ((USER_ID)); then PS1+='$ '; else PS1+='# '; fi
alias l='ls' ll='ls -l' la='ls -a'
